"""Turns the folder of real films that lies beside the checkout into a studio folder.

The dump knows no collections, release dates by country or videos: those parts are there and empty.
The five real videos stand in as trailers of twenty movies, under a key of their own each, so that
real containers and codecs go through the whole path; they are not those movies' own trailers, and
nothing may be concluded from scores on them.
"""

import csv
import gzip
import json
import random
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

SEED = 7
POSTER_SHARE = 0.8
"""Share of movies with a poster where only some movies are taken (of all: 0.61)."""

MOVIES_PER_VIDEO = 4
"""Movies that get the same video as their trailer."""

NO_MONEY = "no_budget_or_revenue"
NOT_CHOSEN = "beyond_limit"


@dataclass(frozen=True)
class Report:
    """What became of the rows.

    Attributes:
        revenue_usd: By TMDB id, for every movie written.
        with_poster: TMDB ids of those that have a poster.
        video_keys: By TMDB id, the key of the stand-in trailer.
        left_out: How many rows were not written, by reason.
    """

    revenue_usd: dict[int, int]
    with_poster: frozenset[int]
    video_keys: dict[int, str]
    left_out: dict[str, int]


def convert(data: Path, target: Path, *, limit: int | None = None, seed: int = SEED) -> Report:
    """Write `movies/`, `posters/` and `trailers/` of a studio folder.

    All movies whose budget and revenue are known, or a choice of them that is the same every time,
    spread over release dates, with those that have a video among them.

    Args:
        data: The folder of real films.
        target: An empty or new folder outside the repository; files are copied, never linked, so
            that nothing done to it reaches the data.
        limit: At most so many movies; at least 50.
        seed: Of the choices.

    Raises:
        ValueError: The limit is below 50.
    """
    rng = random.Random(seed)
    rows = {int(row["id"]): row for row in read_rows(data / "tmdb5000/movies.csv.gz")}
    usable = [i for i, row in rows.items() if int(row["budget"]) > 0 and int(row["revenue"]) > 0]
    usable.sort(key=lambda i: (rows[i]["release_date"], i))
    posters = data / "posters/images"
    has_poster = {i for i in usable if (posters / f"{i}.jpg").is_file()}
    chosen = usable if limit is None else _choose(usable, has_poster, limit, rng)
    with_poster = [i for i in chosen if i in has_poster]
    videos = dict(_assign_videos(with_poster, sorted((data / "videos").iterdir()), rng))

    for part in ("movies", "posters", "trailers"):
        (target / part).mkdir(parents=True, exist_ok=True)
    for answer in _answers(data, {i: rows[i] for i in chosen}, has_poster, videos):
        path = target / "movies" / f"{answer['id']}.json"
        path.write_text(json.dumps(answer))
    for tmdb_id in with_poster:
        shutil.copyfile(posters / f"{tmdb_id}.jpg", target / "posters" / f"{tmdb_id}.jpg")
    for key, file in videos.values():
        shutil.copyfile(file, target / "trailers" / f"{key}{file.suffix}")
    return Report(
        revenue_usd={i: int(rows[i]["revenue"]) for i in chosen},
        with_poster=frozenset(with_poster),
        video_keys={i: key for i, (key, _) in videos.items()},
        left_out={NO_MONEY: len(rows) - len(usable), NOT_CHOSEN: len(usable) - len(chosen)},
    )


def read_rows(path: Path) -> Iterator[dict[str, str]]:
    """Read a CSV, packed or not, as text by column."""
    opener = gzip.open if path.suffix == ".gz" else Path.open
    with opener(path, "rt", newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def _choose(usable: list[int], has_poster: set[int], limit: int, rng: random.Random) -> list[int]:
    if limit < 50:
        raise ValueError(f"a choice of movies wants a limit of at least 50, got {limit}")
    n_posters = round(limit * POSTER_SHARE)
    seen = _spread([i for i in usable if i in has_poster], n_posters, rng)
    unseen = _spread([i for i in usable if i not in has_poster], limit - n_posters, rng)
    chosen = {*seen, *unseen}
    return [i for i in usable if i in chosen]


def _spread(items: Sequence, n: int, rng: random.Random) -> list:
    """Draw one of each of n equal stretches, or take all where there are no more than n."""
    if len(items) <= n:
        return list(items)
    cuts = [round(k * len(items) / n) for k in range(n + 1)]
    return [rng.choice(items[cuts[k] : cuts[k + 1]]) for k in range(n)]


def _assign_videos(
    tmdb_ids: Sequence[int], files: Sequence[Path], rng: random.Random
) -> Iterator[tuple[int, tuple[str, Path]]]:
    """Deal the videos out to movies of all times, a key for each: `<file's stem>-<number>`."""
    movies = _spread(tmdb_ids, len(files) * MOVIES_PER_VIDEO, rng)
    for place, tmdb_id in enumerate(movies):
        file, number = files[place % len(files)], place // len(files) + 1
        yield tmdb_id, (f"{file.stem}-{number}", file)


def _answers(
    data: Path,
    rows: dict[int, dict[str, str]],
    has_poster: set[int],
    videos: dict[int, tuple[str, Path]],
) -> Iterator[dict]:
    crosswalk = read_rows(data / "tmdb5000/crosswalk.csv")
    imdb_ids = {int(row["tmdb_id"]): row["imdb_id"] or None for row in crosswalk}
    for people in read_rows(data / "tmdb5000/credits.csv.gz"):
        tmdb_id = int(people["movie_id"])
        if row := rows.get(tmdb_id):
            yield {
                **_details(row),
                "imdb_id": imdb_ids.get(tmdb_id),
                "poster_path": f"/{tmdb_id}.jpg" if tmdb_id in has_poster else None,
                "credits": {name: json.loads(people[name]) for name in ("cast", "crew")},
                "keywords": {"keywords": json.loads(row["keywords"])},
                "videos": {"results": list(_listed_videos(row, videos))},
                "release_dates": {"results": []},
                "external_ids": {"imdb_id": imdb_ids.get(tmdb_id)},
            }


def _details(row: dict[str, str]) -> dict:
    """Spell the columns as TMDB does; null, "" or 0 stand for what the dump does not know."""
    texts = (
        "homepage", "original_language", "original_title", "overview", "release_date", "status",
        "tagline", "title",
    )  # fmt: skip
    return {
        **{name: row[name] for name in texts},
        **{name: int(row[name]) for name in ("id", "budget", "revenue", "vote_count")},
        **{name: float(row[name]) for name in ("popularity", "vote_average")},
        "runtime": int(float(row["runtime"] or 0)),
        "genres": json.loads(row["genres"]),
        "production_companies": [
            {"logo_path": None, "origin_country": "", **company}
            for company in json.loads(row["production_companies"])
        ],
        "production_countries": json.loads(row["production_countries"]),
        "spoken_languages": [
            {"english_name": "", **language} for language in json.loads(row["spoken_languages"])
        ],
        "origin_country": [],
        "adult": False,
        "video": False,
        "backdrop_path": None,
        "belongs_to_collection": None,
    }


def _listed_videos(row: dict[str, str], videos: dict[int, tuple[str, Path]]) -> Iterable[dict]:
    found = videos.get(int(row["id"]))
    if found is None:
        return
    key, file = found
    yield {
        "iso_639_1": "en",
        "iso_3166_1": "US",
        "name": f"Stand-in ({file.stem}), not this movie's own trailer",
        "key": key,
        "site": "YouTube",
        "size": int(file.stem.rpartition("x")[2]),
        "type": "Trailer",
        "official": False,
        "published_at": f"{row['release_date']}T00:00:00.000Z",
        "id": key,
    }
