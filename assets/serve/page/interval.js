// A predicted amount with its interval and its baselines on an axis of powers of ten.
import {dollars, make} from "./dom.js";

const place = (value, [first, last]) => `${(Math.log10(value) - first) / (last - first) * 100}%`;

export function findAxis(numbers) {
  const known = numbers.filter(value => value > 0).map(Math.log10);
  const first = Math.floor(Math.min(...known)), last = Math.ceil(Math.max(...known));
  return first === last ? [first, last + 1] : [first, last];
}

export const widen = (one, other) => [Math.min(one[0], other[0]), Math.max(one[1], other[1])];

export const numbersOf = (answer, baselines) => [
  answer.readable.value, answer.readable.low, answer.readable.high,
  ...Object.values(baselines).map(one => one.readable.value),
].filter(value => value !== null);

function addBand(chart, {low, high}, axis, name) {
  if (low === null || high === null) return;
  const band = make("div", undefined, name);
  band.style.left = place(low, axis);
  band.style.width = `calc(${place(high, axis)} - ${place(low, axis)})`;
  chart.append(band);
}

function addMark(chart, value, axis, name, title) {
  const mark = make("div", undefined, name);
  mark.style.left = place(value, axis);
  mark.title = title;
  chart.append(mark);
}

// `before` is drawn dashed behind: the answer before something was changed.
export function drawInterval(answer, baselines, axis, before) {
  const chart = make("div", undefined, "interval"), shown = answer.readable;
  chart.setAttribute("role", "img");
  const ends = shown.low === null ? "" : `, 90 % interval ${dollars(shown.low)} to ${dollars(shown.high)}`;
  chart.setAttribute("aria-label", `${dollars(shown.value)}${ends}`);
  chart.append(make("div", undefined, "track"));
  if (before) addBand(chart, before.readable, axis, "band before");
  addBand(chart, shown, axis, "band");
  for (const [name, one] of Object.entries(baselines)) {
    addMark(chart, one.readable.value, axis, "base", `${name}: ${dollars(one.readable.value)}`);
  }
  addMark(chart, shown.value, axis, "dot", `predicted: ${dollars(shown.value)}`);
  const [first, last] = axis;
  const step = Math.ceil((last - first) / 5);
  for (let power = first; power <= last; power += step) {
    const end = power === first ? " first" : power === last ? " last" : "";
    const tick = make("span", dollars(10 ** power).replace(".0", ""), `tick${end}`);
    tick.style.left = place(10 ** power, axis);
    chart.append(tick);
  }
  return chart;
}

export function makeLegend() {
  const legend = make("p", undefined, "legend");
  for (const [name, text] of [["dot", "predicted"], ["", "90 % interval"], ["base", "baselines"]]) {
    const part = make("span");
    part.append(make("i", undefined, name), text);
    legend.append(part);
  }
  return legend;
}
