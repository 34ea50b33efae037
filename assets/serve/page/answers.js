// Answers as cards: the value, a chart, baselines, how often such answers were right, and why.
import {dollars, make, makeBar, makeList, makeRow, makeTable, percent} from "./dom.js";
import {drawInterval, findAxis, makeLegend, numbersOf, widen} from "./interval.js";
import {makeWhatIf} from "./what_if.js";
import {makeWhy} from "./why.js";

const TITLES = {
  "box_office log10_revenue": "Revenue", "revenue revenue_class": "Class of revenue", "genre genres": "Genres",
  "poster first_genre": "First genre, by the poster", "poster comedy_horror": "Comedy or horror, by the poster",
  "poster genre_labels": "Genres, by the poster", "poster profit": "Profit, by the poster", "score score": "Score",
};
const SHOWN_LABELS = 8;
const HIDDEN = /^(predicts|without |unmoved by|plot's|poster's|trailer's)/;

const titleOf = one => TITLES[`${one.system} ${one.task}`] || `${one.system}: ${one.task}`.replaceAll("_", " ");

function makeShares(one) {
  const [name, baseline] = Object.entries(one.baselines).at(-1) || [];
  const shares = Object.entries(one.answer.probabilities);
  if (one.kind === "labels") shares.sort((a, b) => b[1] - a[1]);
  const chosen = one.answer.labels || [one.answer.label];
  const rows = shares.slice(0, SHOWN_LABELS).map(([label, share]) => makeRow(
    label, [makeBar(share), percent(share), ...baseline ? [percent(baseline.probabilities[label] || 0)] : []],
    chosen.includes(label)));
  const heads = [["class"], [""], ["model", true], ...name ? [[name, true]] : []];
  return makeTable("Probabilities", heads, rows);
}

function addRevenue(card, one, film, body) {
  let axis = findAxis(numbersOf(one.answer, one.baselines));
  const holder = make("div");
  const draw = (answer, baselines, before) => {
    axis = widen(axis, findAxis(numbersOf(answer, baselines)));
    holder.replaceChildren(drawInterval(answer, baselines, axis, before));
  };
  draw(one.answer, one.baselines);
  card.append(holder, makeLegend());
  card.append(makeWhatIf(film, body, changed => {
    if (!changed.answer) return changed.reason;
    draw(changed.answer, changed.baselines, one.answer);
    const {value, low, high} = changed.answer.readable;
    return `${dollars(value)}${low === null ? "" : `; 90 % interval ${dollars(low)} to ${dollars(high)}`}`;
  }));
}

// Classes and labels stand in a table below, with all shares.
function describe({answer, lines}) {
  if (answer.label !== null) return answer.label;
  if (answer.labels !== null) return answer.labels.join(", ") || "none above 50 %";
  return lines.find(([label]) => label === "predicts")[1];
}

function makeCard(one, film, body, media) {
  const card = make("article");
  card.append(make("h3", titleOf(one)));
  const inTable = one.answer && one.answer.probabilities ? Object.keys(one.baselines).length : 0;
  const lines = one.lines.filter(([label]) => !HIDDEN.test(label));
  lines.splice(1, inTable); // the baselines follow the model
  if (!one.answer) {
    card.append(makeList(lines));
    return card;
  }
  card.append(make("p", describe(one), "answer"));
  if (one.answer.readable && one.answer.readable.unit === "US dollars") {
    card.classList.add("wide");
    addRevenue(card, one, film, body);
  } else if (one.answer.probabilities) {
    card.append(makeShares(one));
  }
  card.append(makeList(lines));
  card.append(makeWhy(one, film, body, media));
  return card;
}

// `body` is what was asked; `media` holds the addresses of files that were given.
export function makeCards(film, body, media) {
  const cards = make("div", undefined, "cards");
  cards.append(...film.predictions.map(one => makeCard(one, film, body, media)));
  return cards;
}

export const countAnswers = film =>
  `${film.predictions.filter(one => one.answer).length} of ${film.predictions.length} questions are answered.`;
