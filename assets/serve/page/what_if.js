// What the revenue would be with another budget, month or length: sliders, one request at a time.
import {dollars, make, makeButton} from "./dom.js";
import {ask} from "./server.js";

const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September",
  "October", "November", "December"];
const WAIT_MS = 250;

// A day of the same year in another month, its last day where that month is shorter.
export function moveToMonth(day, month) {
  const [year, , date] = day.split("-").map(Number);
  const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return `${day.slice(0, 4)}-${String(month).padStart(2, "0")}-${String(Math.min(date, last)).padStart(2, "0")}`;
}

const SLIDERS = {
  budget_usd: {
    label: "Budget", min: 4, max: 9, step: 0.02, start: film => Math.log10(film.budget_usd || 2e7),
    show: value => dollars(10 ** value), give: value => Math.round(10 ** value), has: film => film.budget_usd,
  },
  release_date: {
    label: "Month of release", min: 1, max: 12, step: 1, start: film => Number(film.release_date.slice(5, 7)),
    show: value => MONTHS[value - 1], give: (value, film) => moveToMonth(film.release_date, value), has: film => film.release_date,
  },
  runtime_min: {
    label: "Length", min: 40, max: 240, step: 1, start: film => film.runtime_min || 100,
    show: value => `${value} min`, give: value => value, has: film => film.runtime_min,
  },
};

// Calls `send` with the newest change, after a rest, and never while an earlier call is under way.
export function oneAtATime(send) {
  let timer = 0, isUnderWay = false, newest = null;
  async function run() {
    if (isUnderWay || newest === null) return;
    const values = newest;
    [isUnderWay, newest] = [true, null];
    try { await send(values); } finally { isUnderWay = false; }
    run();
  }
  return values => {
    newest = values;
    clearTimeout(timer);
    timer = setTimeout(run, WAIT_MS);
  };
}

function makeSlider(name, film, onMove) {
  const {label, min, max, step, start, show, has} = SLIDERS[name];
  const part = make("div"), input = make("input"), words = make("label", label), output = make("output");
  Object.assign(input, {type: "range", id: `what-if-${name}`, min, max, step, value: start(film)});
  words.htmlFor = output.htmlFor = input.id;
  const describe = () => {
    output.textContent = show(Number(input.value));
    input.setAttribute("aria-valuetext", output.textContent);
  };
  describe();
  if (!has(film)) { output.textContent = "not given"; input.setAttribute("aria-valuetext", "not given"); }
  input.addEventListener("input", () => { describe(); onMove(name, Number(input.value)); });
  words.append(output);
  part.append(words, input);
  return part;
}

// `film` is the answer of the server; `body` what was asked; `redraw` shows another prediction.
export function makeWhatIf(film, body, redraw) {
  const set = make("fieldset", undefined, "what-if"), result = make("p", "", "answer");
  result.setAttribute("role", "status");
  const changed = {};
  const send = oneAtATime(async values => {
    try {
      const answer = await ask("/predict", {...body, ...values, systems: ["box_office"], comparable: false});
      result.className = "answer";
      result.textContent = redraw(answer.predictions[0]);
    } catch (refusal) {
      result.className = "error";
      result.textContent = refusal.message;
    }
  });
  const onMove = (name, value) => {
    changed[name] = SLIDERS[name].give(value, film);
    result.textContent = "…";
    send({...changed});
  };
  const names = Object.keys(SLIDERS).filter(name => name !== "release_date" || film.release_date);
  const fill = () => set.replaceChildren(
    make("legend", "What if"), ...names.map(name => makeSlider(name, film, onMove)), reset, result);
  const reset = makeButton("As it was", "plain", () => {
    for (const name of Object.keys(changed)) delete changed[name];
    fill();
    send({});
  });
  fill();
  return set;
}
