// The page: finds a film or takes one, asks the server, and shows the answers.
import {countAnswers, makeCards} from "./answers.js";
import {makeComparable} from "./comparable.js";
import {$, make, makeButton, makePicture, pictureOf, year} from "./dom.js";
import {makeFacts} from "./movie.js";
import {ask, send} from "./server.js";

const FIELDS = ["title", "plot", "budget_usd", "release_date", "runtime_min", "director", "poster_base64", "trailer"];
const FILM_PAGE = /^\/films\/(\d+)\/page$/;

function clearErrors() {
  for (const id of [...FIELDS, "find", "key"]) {
    $(id).removeAttribute("aria-invalid");
    $(id).removeAttribute("aria-describedby");
  }
  $("status").className = "";
}

function showError(error) {
  const names = {crew: "director", poster: "poster_base64", trailer_upload: "trailer", "X-API-Key": "key"};
  $("status").textContent = error.message;
  $("status").className = "error";
  if (error.field === "trailer_upload") sent = {};
  if (error.status === 401 || error.status === 403) $("key-part").hidden = false;
  const input = document.getElementById(names[error.field] || error.field);
  if (input && "value" in input) {
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", "status");
    input.focus();
  }
}

// Runs a step, with its errors on the screen; returns null where there was one.
async function attempt(step) {
  clearErrors();
  $("status").textContent = "The models are asked …";
  try {
    return await step();
  } catch (error) {
    showError(error);
    return null;
  }
}

function showAnswers(film, body, media) {
  const head = make("div", undefined, "head"), words = make("div"), source = media.poster;
  const title = make("h2", (film.title || "A film without a title") + (film.release_date ? ` (${year(film.release_date)})` : ""));
  if (source) head.append(Object.assign(make("img", undefined, "poster"), {src: source, alt: ""}));
  else if (film.has.includes("poster")) head.append(makePicture(pictureOf(film.tmdb_id, "poster"), "", "poster"));
  words.append(title, make("p", `given: ${film.has.join(", ")}`, "hint"));
  if (film.tmdb_id && !FILM_PAGE.test(location.pathname)) {
    const link = make("a", "All that is known of this film");
    link.href = `/films/${film.tmdb_id}/page`;
    words.append(link);
  }
  for (const remark of film.remarks) words.append(make("p", remark));
  head.append(words);
  $("results").replaceChildren(head, makeCards(film, body, media));
  if (film.comparable) $("results").append(makeComparable(film.comparable));
  $("status").textContent = countAnswers(film);
  $("results").focus();
}

// The latest question's answers are shown, also where an earlier one's come after them.
let asked = 0;
async function askAbout(body, media = {}) {
  const own = asked += 1;
  const film = await attempt(() => ask("/predict", {...body, comparable: true}));
  if (own !== asked) return null;
  if (film) showAnswers(film, body, media);
  return film;
}

function makeFound(film) {
  const item = make("li"), button = makeButton(undefined, "film", () => askAbout({tmdb_id: film.tmdb_id}));
  if (film.has_poster) button.append(makePicture(pictureOf(film.tmdb_id, "poster"), ""));
  button.append(make("span", `${film.title} (${year(film.release_date)})`));
  item.append(button);
  return item;
}

async function search() {
  const value = await attempt(() => ask(`/films?title=${encodeURIComponent($("find").value)}`));
  if (!value) {
    if ($("key-part").hidden) $("find").setAttribute("aria-invalid", "true");
    return;
  }
  const items = value.films.map(makeFound);
  $("found").replaceChildren(...items);
  $("status").textContent = items.length ? `${items.length} film${items.length === 1 ? "" : "s"} found.` : "No film of the store has this in its title.";
  if (items.length) items[0].firstChild.focus();
}

const readUrl = file => new Promise((resolve, reject) => {
  const reader = new FileReader();
  reader.onload = () => resolve(reader.result);
  reader.onerror = () => reject(new Error("the file cannot be read"));
  reader.readAsDataURL(file);
});

// Returns what the form gives, and the addresses of its files.
async function readForm() {
  const body = {}, media = {};
  for (const id of ["title", "plot", "release_date"]) if ($(id).value.trim()) body[id] = $(id).value.trim();
  for (const id of ["budget_usd", "runtime_min"]) {
    const text = $(id).value.replaceAll(/[\s,$]/g, "");
    if (text) body[id] = isNaN(Number(text)) ? $(id).value : Number(text);
  }
  if ($("director").value.trim()) body.crew = {Director: [$("director").value.trim()]};
  const file = $("poster_base64").files[0];
  if (file) {
    const url = await readUrl(file);
    body.poster_base64 = url.slice(url.indexOf(",") + 1);
    media.poster = url;
  }
  const trailer = $("trailer").files[0];
  if (trailer) {
    $("status").textContent = "The trailer is sent …";
    body.trailer_upload = await sendOnce(trailer);
    media.trailer = trailer.name;
  }
  return [body, media];
}

// A trailer that was sent is asked about again by its name, as long as the field holds it.
let sent = {};
async function sendOnce(file) {
  if (sent.file !== file) sent = {file, name: await send(file)};
  return sent.name;
}

async function previewPoster() {
  const file = $("poster_base64").files[0];
  $("own-poster").hidden = !file;
  if (file) $("own-poster").src = await readUrl(file);
}

// Files may be let go anywhere on the page: elsewhere the browser would leave the page for the file.
function takeDrops() {
  const place = document.querySelector(".drop");
  const holdsFiles = event => !$("forms").hidden && [...event.dataTransfer.types].includes("Files");
  const mark = isOver => event => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    place.classList.toggle("over", isOver);
  };
  document.addEventListener("dragover", mark(true));
  document.addEventListener("dragleave", mark(false));
  document.addEventListener("drop", event => {
    if (!holdsFiles(event)) return;
    mark(false)(event);
    clearErrors();
    const taken = [];
    for (const file of event.dataTransfer.files) {
      const held = new DataTransfer(), isPicture = file.type.startsWith("image/");
      held.items.add(file);
      $(isPicture ? "poster_base64" : "trailer").files = held.files;
      taken.push(`${file.name} is the ${isPicture ? "poster" : "trailer"}`);
    }
    $("status").textContent = `${taken.join(", ")}. Predict asks the models.`;
    previewPoster();
  });
}

async function showFilm(film) {
  $("forms").hidden = true;
  if (!await askAbout({tmdb_id: film})) return;
  const facts = await attempt(() => ask(`/films/${film}/facts`));
  if (!facts) return;
  document.title = `${facts.title} · marquee`;
  $("facts").replaceChildren(...makeFacts(facts));
  $("status").textContent = "";
}

$("search").addEventListener("submit", event => { event.preventDefault(); search(); });
$("describe").addEventListener("submit", async event => {
  event.preventDefault();
  const given = await attempt(readForm);
  if (given) askAbout(...given);
});
$("poster_base64").addEventListener("change", previewPoster);
$("own-poster").addEventListener("error", () => { $("own-poster").hidden = true; });
takeDrops();
const opened = FILM_PAGE.exec(location.pathname);
if (opened) {
  showFilm(Number(opened[1]));
  $("key").addEventListener("change", () => showFilm(Number(opened[1])));
}
