// Why a model answers so: inputs, words, poster areas and frames, each asked for when it is wanted.
import {make, makeBar, makeButton, makeList, makePicture, makeRow, makeTable, pictureOf} from "./dom.js";
import {ask} from "./server.js";

const PARTS = {
  plot: {label: "Words of the plot", has: film => film.has.includes("text"), show: showWords},
  poster: {label: "Areas of the poster", has: film => film.has.includes("poster"), show: showAreas},
  trailer: {label: "Frames of the trailer", has: film => film.has.includes("frames"), show: showFrames},
};
const SHOWN = 6;

const strongest = why => Math.max(...why.parts.map(part => Math.abs(part.effect || 0)));

function words(effect, unit) {
  if (effect === null) return "no answer without it";
  if (unit.startsWith("probability")) return `${effect < 0 ? "−" : "+"}${Math.abs(effect * 100).toFixed(1)} points`;
  return `${effect < 0 ? "−" : "+"}${Math.abs(effect).toFixed(3)}`;
}

function listEffects(why, count = SHOWN) {
  const ranked = [...why.parts].sort((a, b) => Math.abs(b.effect || 0) - Math.abs(a.effect || 0)).slice(0, count);
  const most = strongest(why) || 1;
  return makeTable(`With it, in ${why.unit}`, [["part"], [""], ["effect", true]], ranked.map(part => makeRow(
    part.part, [makeBar((part.effect || 0) / most, part.effect < 0 ? "down" : ""), words(part.effect, why.unit)])));
}

function showWords(why, {film, plot}) {
  const text = make("p"), most = strongest(why) || 1;
  let end = 0;
  for (const part of why.parts) {
    const [from, to] = part.place;
    text.append(plot.slice(end, from));
    const share = Math.abs(part.effect) / most;
    const word = make("mark", plot.slice(from, to), share < 0.1 ? "" : part.effect > 0 ? "up" : "down");
    word.title = words(part.effect, why.unit);
    text.append(word);
    end = to;
  }
  text.append(plot.slice(end));
  return [text];
}

function showAreas(why, {film, poster}) {
  const holder = make("div", undefined, "areas"), most = strongest(why) || 1;
  const picture = poster ? make("img") : makePicture(pictureOf(film.tmdb_id, "poster"), "");
  if (poster) picture.src = poster;
  picture.alt = "The poster, with the effect of each area";
  holder.append(picture);
  for (const part of why.parts) {
    const [left, top, right, bottom] = part.place, area = make("span", words(part.effect, why.unit).replace(" points", ""));
    Object.assign(area.style, {
      left: `${left * 100}%`, top: `${top * 100}%`, width: `${(right - left) * 100}%`, height: `${(bottom - top) * 100}%`,
      background: `${part.effect < 0 ? "rgba(255, 90, 80," : "rgba(80, 160, 255,"} ${0.6 * Math.abs(part.effect) / most})`,
    });
    area.setAttribute("aria-hidden", "true");
    holder.append(area);
  }
  return [holder];
}

function showFrames(why, {film, trailer}) {
  if (!film.tmdb_id || trailer) return [];
  const holder = make("div", undefined, "frames");
  for (const part of why.parts) {
    const figure = make("figure");
    figure.append(makePicture(pictureOf(film.tmdb_id, `frame-${part.place[0]}`), part.part),
      make("figcaption", `${part.part}: ${words(part.effect, why.unit)}`));
    holder.append(figure);
  }
  return [holder];
}

function describe(why, extra) {
  const shown = [...extra, listEffects(why)];
  if (why.note) shown.push(make("p", why.note, "note"));
  return shown;
}

const waiting = () => [make("p", "The models are asked …")];

async function fill(holder, find) {
  holder.replaceChildren(...waiting());
  try {
    holder.replaceChildren(...await find());
  } catch (refusal) {
    holder.replaceChildren(make("p", refusal.message, "error"));
  }
}

function findOne(answer, one) {
  return answer.predictions.find(other => other.task === one.task);
}

async function explainInputs(one, body) {
  const found = findOne(await ask("/predict", {...body, systems: [one.system], explain: true, comparable: false}), one);
  const lines = found.lines.filter(([label]) => /^(without|unmoved)/.test(label));
  const shown = lines.length ? [makeList(lines)] : [make("p", "Nothing of it can be left out.")];
  if (found.why.inputs) shown.unshift(listEffects(found.why.inputs));
  if (found.why.inputs && found.why.inputs.note) shown.push(make("p", found.why.inputs.note, "note"));
  return shown;
}

async function explainPart(name, one, film, body, media) {
  const asked = {...body, systems: [one.system], parts: [name], comparable: false};
  const [answer, facts] = await Promise.all([
    ask("/predict", asked),
    name === "plot" && !body.plot ? ask(`/films/${film.tmdb_id}/facts`) : null,
  ]);
  const why = findOne(answer, one).why[name];
  if (!why) return [make("p", `Nothing of the ${name} moves this answer.`)];
  const plot = body.plot || (facts && facts.record.plot);
  return describe(why, PARTS[name].show(why, {film, plot, ...media}));
}

// Asked for when it is opened; `body` is what was asked about the film.
export function makeWhy(one, film, body, media) {
  const details = make("details"), inputs = make("div"), buttons = make("div"), part = make("div");
  details.append(make("summary", "Why"), inputs, buttons, part);
  for (const holder of [inputs, part]) holder.setAttribute("aria-live", "polite");
  for (const [name, {label, has}] of Object.entries(PARTS)) {
    if (!has(film)) continue;
    buttons.append(makeButton(label, "plain", () => fill(part, () => explainPart(name, one, film, body, media))));
  }
  let isAsked = false;
  details.addEventListener("toggle", () => {
    if (!details.open || isAsked) return;
    isAsked = true;
    fill(inputs, () => explainInputs(one, body));
  });
  return details;
}
