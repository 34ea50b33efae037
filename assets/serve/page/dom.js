// Elements, pictures and words that every part of the page makes.
import {key} from "./server.js";

export const $ = id => document.getElementById(id);

export function make(tag, text, name) {
  const element = document.createElement(tag);
  if (text !== undefined && text !== null) element.textContent = text;
  if (name) element.className = name;
  return element;
}

export function makeButton(text, name, onClick) {
  const button = make("button", text, name);
  button.type = "button";
  button.addEventListener("click", onClick);
  return button;
}

export function makeList(pairs, name) {
  const list = make("dl", undefined, name);
  for (const [label, text] of pairs) list.append(make("dt", label), make("dd", text));
  return list;
}

// A row that is a heading has `th` in all of its cells; numbers stand at the right.
export function makeTable(caption, heads, rows) {
  const table = make("table"), head = make("thead"), body = make("tbody"), top = make("tr");
  table.append(make("caption", caption, "hint"), head, body);
  head.append(top);
  for (const [text, isNumber] of heads) {
    const cell = make(text ? "th" : "td", text, isNumber ? "number" : ""); // bars have no heading
    if (text) cell.scope = "col";
    top.append(cell);
  }
  for (const row of rows) body.append(row);
  return table;
}

export function makeRow(name, cells, isChosen) {
  const row = make("tr", undefined, isChosen ? "chosen" : ""), first = make("th", name);
  first.scope = "row";
  row.append(first);
  for (const cell of cells) {
    if (cell instanceof Element) { const holder = make("td"); holder.append(cell); row.append(holder); }
    else row.append(make("td", cell, "number"));
  }
  return row;
}

export function makeBar(share, name) {
  const bar = make("div", undefined, "bar"), filled = make("i", undefined, name);
  filled.style.width = `${Math.min(Math.abs(share), 1) * 100}%`;
  bar.append(filled);
  bar.setAttribute("aria-hidden", "true");
  return bar;
}

// With a key pictures are fetched, because an address alone cannot bear it. What cannot be shown goes.
export function makePicture(path, alt, name) {
  const picture = make("img", undefined, name);
  picture.alt = alt;
  picture.addEventListener("error", () => picture.remove());
  if (!key()) {
    picture.loading = "lazy";
    picture.src = path;
    return picture;
  }
  fetch(path, {headers: {"X-API-Key": key()}})
    .then(response => response.ok ? response.blob() : Promise.reject(new Error(response.status)))
    .then(content => { picture.src = URL.createObjectURL(content); })
    .catch(() => picture.remove());
  return picture;
}

export const pictureOf = (film, name) => `/films/${film}/pictures/${name}`;

export const year = day => day ? day.slice(0, 4) : "no date";

export function dollars(value) {
  if (value === null || value === undefined) return "unknown";
  for (const [size, sign] of [[1e9, "B"], [1e6, "M"], [1e3, "k"]]) {
    if (value >= size) return `$${(value / size).toFixed(value / size >= 100 ? 0 : 1)}${sign}`;
  }
  return `$${value.toFixed(0)}`;
}

export const percent = share => `${(share * 100).toFixed(0)} %`;
