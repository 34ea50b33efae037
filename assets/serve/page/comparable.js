// Films that are like the one asked about, with what they had earned by its day.
import {dollars, make, makePicture, pictureOf, year} from "./dom.js";

function makeItem(one) {
  const item = make("li"), link = make("a", `${one.title} (${year(one.release_date)})`), text = make("div");
  link.href = `/films/${one.tmdb_id}/page`;
  text.append(link, make("div", one.revenue_usd === null ? "revenue not known by then" : `earned ${dollars(one.revenue_usd)}`),
    make("div", one.reason, "hint"));
  item.className = "head";
  if (one.has_poster) item.append(makePicture(pictureOf(one.tmdb_id, "poster"), "", "small"));
  item.append(text);
  return item;
}

function makePanel(title, movies) {
  const panel = make("div", undefined, "panel"), list = make("ul", undefined, "near");
  panel.append(make("h3", title));
  list.append(...movies.map(makeItem));
  panel.append(movies.length ? list : make("p", "Nothing that could be compared is given."));
  return panel;
}

export function makeComparable(near) {
  const section = make("section"), panels = make("div", undefined, "cards");
  section.setAttribute("aria-label", "Comparable films");
  section.append(make("h2", "Comparable films"), make("p", `Released by ${near.day}, with what was known by that day.`, "hint"));
  panels.append(makePanel("By plot, poster and trailer", near.by_embeddings), makePanel("By fields", near.by_fields));
  section.append(panels);
  return section;
}
