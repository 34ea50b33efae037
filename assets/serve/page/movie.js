// What is known of a film of the store: pictures, record, and where each result is from.
import {dollars, make, makeButton, makeList, makePicture, makeRow, makeTable, pictureOf} from "./dom.js";

const NAMES = {
  release_date: "release date", budget_usd: "budget", runtime_min: "length", photographer: "photography",
};

function describe(name, value) {
  if (value === null || value.length === 0) return "unknown";
  if (name === "budget_usd" || name === "revenue_usd") return dollars(value);
  if (name === "runtime_min") return `${value} min`;
  return Array.isArray(value) ? value.join(", ") : String(value);
}

function makePicturePanel(title, film, name, alt, remark) {
  const panel = make("div", undefined, "panel");
  panel.append(make("h3", title), makePicture(pictureOf(film, name), alt, "picture"));
  if (remark) panel.append(make("p", remark, "hint"));
  return panel;
}

function makeFramesPanel(film, has) {
  const panel = makePicturePanel("Kept frames of the trailer", film, "frames", "The frames that models see");
  if (!has("sampled")) return panel;
  const holder = make("div");
  holder.setAttribute("aria-live", "polite");
  panel.append(makeButton("Dropped frames too", "plain", () => holder.replaceChildren(
    makePicture(pictureOf(film, "sampled"), "All sampled frames; those that were dropped are dark and say why", "picture"))), holder);
  return panel;
}

function makeLineage(lineage) {
  const rows = lineage.map(one => makeRow(one.asset, [
    make("span", one.reason ? `${one.status}: ${one.reason}` : one.status), make("span", one.depends_on.join(", ") || "the source"),
    make("span", one.made ? one.made.slice(0, 10) : ""), make("span", one.code_version), make("span", one.content_hash),
    make("span", one.weights)]));
  const heads = ["asset", "status", "made of", "made", "code", "content", "weights"].map(text => [text]);
  const holder = make("div", undefined, "scroll");
  holder.tabIndex = 0;
  holder.setAttribute("role", "region");
  holder.setAttribute("aria-label", "Where each result is from");
  holder.append(makeTable("Results of each asset", heads, rows));
  return holder;
}

export function makeFacts(facts) {
  const has = name => facts.pictures.includes(name), film = facts.tmdb_id, panels = make("div", undefined, "cards");
  if (has("regions")) panels.append(makePicturePanel("Objects on the poster", film, "regions", "The poster with boxes around its objects"));
  else if (has("poster")) panels.append(makePicturePanel("Poster", film, "poster", "The poster"));
  if (has("frames")) panels.append(makeFramesPanel(film, has));
  if (has("sound")) panels.append(makePicturePanel("Sound of the trailer", film, "sound", "The waveform of the trailer's sound"));
  const known = Object.entries(facts.record).filter(([name]) => name !== "plot");
  const record = make("div", undefined, "panel"), plot = make("div", undefined, "panel"), actual = make("div", undefined, "panel");
  plot.append(make("h3", "Plot"), make("p", facts.record.plot || "None."));
  record.append(make("h3", "Record"), makeList(known.map(([name, value]) => [NAMES[name] || name, describe(name, value)])));
  actual.append(make("h3", "What became of it"), makeList([
    ["revenue", describe("revenue_usd", facts.actual.revenue_usd)], ["score", describe("score", facts.actual.vote_average)],
  ]), make("p", "Known today; no model reads it.", "hint"));
  panels.append(plot, record, actual);
  return [make("h2", "What is known of it"), panels, make("h2", "Where it is from"),
    make("p", `Source: ${facts.source}.`), makeLineage(facts.lineage)];
}
