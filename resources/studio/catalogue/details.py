"""Generated movies in TMDB's shape, `/movie/{id}` with its appended parts, and their box office."""

import random
from datetime import date, timedelta

from resources.studio.catalogue import words
from resources.studio.catalogue.draws import chance
from resources.studio.catalogue.traits import ACTORS, CREW, Traits, draw_fame
from resources.studio.catalogue.writing import (
    company_name,
    person_name,
    write_genre_lines,
    write_overview,
    write_part_title,
    write_title,
)
from resources.studio.truth.revenue_truth import revenue_usd
from resources.studio.truth.score_truth import vote_average

COMPANIES = 100
FIRST_PERSON_ID, FIRST_COMPANY_ID, FIRST_COLLECTION_ID = 91_000_000, 92_000_000, 93_000_000
CERTIFICATIONS = ("G", "PG", "PG-13", "R", "NR")
MAIN_TRAILER, TEASER, FEATURETTE = "mv", "ts", "ft"
"""First letters of a video's key; featurettes are listed and not served."""
UNITS_PER_USD = {"$": 1.0, "£": 0.78, "¥": 112.0}
CREW_JOBS = (
    ("Directing", "Director"), ("Writing", "Screenplay"), ("Production", "Producer"),
    ("Sound", "Original Music Composer"), ("Camera", "Director of Photography"),
    ("Editing", "Editor"),
)  # fmt: skip


def video_key(kind: str, tmdb_id: int) -> str:
    """Return the key of one of a movie's videos: 11 characters, as YouTube's.

    Example:
        >>> video_key(MAIN_TRAILER, 90000001)
        'mv_90000001'
    """
    return f"{kind}_{tmdb_id}"


def write_own_title(traits: Traits, seed: int) -> str:
    """Return the movie's title; parts of a franchise share its name."""
    rng = chance(seed, traits.index, "title")
    if not traits.part:
        return write_title(rng)
    return write_part_title(_franchise_title(traits, seed), traits.part, rng)


def _franchise_title(traits: Traits, seed: int) -> str:
    return write_title(chance(seed, traits.franchise, "franchise"))


def make_basics(traits: Traits, released: date, seed: int) -> dict:
    """Make the top-level fields of `/movie/{id}`."""
    rng = chance(seed, traits.index, "basics")
    title = write_own_title(traits, seed)
    overview = write_overview(traits.high_concepts, rng)
    overview += " " + write_genre_lines(
        traits.plot_genre_ids, chance(seed, traits.index, "genre lines")
    )
    code, language, own_name, country_code, country = rng.choice(words.LANGUAGES)
    votes = int(10 ** rng.uniform(1, 4))
    return {
        "adult": False,
        "backdrop_path": f"/b{traits.tmdb_id}.jpg",
        "belongs_to_collection": _make_collection(traits, seed),
        "budget": int(round(10**traits.log10_budget, -3)) if traits.lists_budget else 0,
        "genres": [{"id": key, "name": words.GENRES[key]} for key in traits.genre_ids],
        "homepage": "",
        "id": traits.tmdb_id,
        "imdb_id": imdb_id(traits.index),
        "origin_country": [country_code],
        "original_language": code,
        "original_title": title,
        "overview": overview.strip() if traits.has_overview else "",
        "popularity": round(rng.lognormvariate(2, 1), 3),
        "poster_path": default_poster_path(traits.tmdb_id) if traits.has_poster else None,
        "production_companies": _make_companies(rng, country_code),
        "production_countries": [{"iso_3166_1": country_code, "name": country}],
        "release_date": released.isoformat(),
        "revenue": revenue_usd(traits, seed) if traits.lists_revenue else 0,
        "runtime": max(62, round(rng.gauss(106, 16))),
        "spoken_languages": [{"english_name": language, "iso_639_1": code, "name": own_name}],
        "status": "Released",
        "tagline": rng.choice(words.TAGLINES) if rng.random() < 0.8 else "",
        "title": title,
        "video": False,
        "vote_average": vote_average(traits),
        "vote_count": votes,
    }


def imdb_id(index: int) -> str:
    """Return the IMDb id of a generated movie, above IMDb's own.

    Example:
        >>> imdb_id(0)
        'tt90000001'
    """
    return f"tt9{index + 1:07d}"


def default_poster_path(tmdb_id: int) -> str:
    """Return the path of the poster that a movie has before any edit."""
    return f"/p{tmdb_id}.jpg"


def _make_collection(traits: Traits, seed: int) -> dict | None:
    if not traits.part:
        return None
    collection_id = FIRST_COLLECTION_ID + traits.franchise
    return {
        "id": collection_id,
        "name": f"{_franchise_title(traits, seed)} Collection",
        "poster_path": None,
        "backdrop_path": None,
    }


def _make_companies(rng: random.Random, country_code: str) -> list[dict]:
    numbers = rng.sample(range(COMPANIES), rng.randint(1, 3))
    return [
        {
            "id": FIRST_COMPANY_ID + number,
            "logo_path": None,
            "name": company_name(number),
            "origin_country": country_code,
        }
        for number in numbers
    ]


def make_box_office(traits: Traits, released: date, seed: int) -> dict | None:
    """Make the figures of one movie; the worldwide gross is its true revenue.

    Returns:
        `currency` ("$", "£" or "¥"), `release_date`, and `budget`, `opening_weekend`,
        `gross_usa` and `gross_world` in that currency, each None where unknown; None where
        IMDbPro knows nothing at all.
    """
    if not traits.on_imdbpro:
        return None
    rng = chance(seed, traits.index, "box office")
    gross_world = revenue_usd(traits, seed) * UNITS_PER_USD[traits.currency]
    gross_usa = gross_world * rng.uniform(0.25, 0.6)
    opening = gross_usa * rng.uniform(0.15, 0.45)
    budget = 10**traits.log10_budget * UNITS_PER_USD[traits.currency]
    return {
        "currency": traits.currency,
        "release_date": released.isoformat(),
        "budget": int(round(budget, -3)) if traits.lists_budget and rng.random() < 0.8 else None,
        "opening_weekend": round(opening) if rng.random() < 0.85 else None,
        "gross_usa": round(gross_usa) if rng.random() < 0.9 else None,
        "gross_world": round(gross_world),
    }


def make_parts(traits: Traits, released: date, seed: int) -> dict:
    """Make what `append_to_response` adds, each part under its own key."""
    rng = chance(seed, traits.index, "parts")
    keywords = rng.sample(range(len(words.KEYWORDS)), rng.randint(0, 6))
    return {
        "credits": {"cast": _make_cast(traits, seed, rng), "crew": _make_crew(traits, rng)},
        "keywords": {"keywords": [{"id": 800 + n, "name": words.KEYWORDS[n]} for n in keywords]},
        "videos": {"results": _make_videos(traits, released, rng)},
        "release_dates": {"results": _make_release_dates(released, rng)},
        "external_ids": {
            "imdb_id": imdb_id(traits.index),
            "wikidata_id": None,
            "facebook_id": None,
            "instagram_id": None,
            "twitter_id": None,
        },
    }


def _make_cast(traits: Traits, seed: int, rng: random.Random) -> list[dict]:
    fame = draw_fame(seed)
    return [
        _make_person(number, "Acting", round(4 * 2.0 ** fame[number], 3))
        | {
            "cast_id": order + 1,
            "character": rng.choice(words.FIRST_NAMES),
            "credit_id": f"{traits.tmdb_id:016x}{order:08x}",
            "order": order,
        }
        for order, number in enumerate(traits.cast_ids)
    ]


def _make_crew(traits: Traits, rng: random.Random) -> list[dict]:
    numbers = rng.sample(range(ACTORS + 1, ACTORS + CREW + 1), len(CREW_JOBS))
    return [
        _make_person(number, department, 1.5)
        | {
            "credit_id": f"{traits.tmdb_id:016x}{256 + place:08x}",
            "department": department,
            "job": job,
        }
        for place, (number, (department, job)) in enumerate(zip(numbers, CREW_JOBS, strict=True))
    ]


def _make_person(number: int, department: str, popularity: float) -> dict:
    name = person_name(number)
    return {
        "adult": False,
        "gender": number % 3,
        "id": FIRST_PERSON_ID + number,
        "known_for_department": department,
        "name": name,
        "original_name": name,
        "popularity": popularity,
        "profile_path": None,
    }


def _make_videos(traits: Traits, released: date, rng: random.Random) -> list[dict]:
    """List the videos in no helpful order: extras may come before the trailer."""
    kinds = []
    if rng.random() < 0.3:
        kinds.append((FEATURETTE, "Featurette", "Behind the Scenes"))
    if traits.has_trailer and rng.random() < 0.3:
        kinds.append((TEASER, "Teaser", "Teaser"))
    if traits.has_trailer:
        kinds.append((MAIN_TRAILER, "Trailer", "Official Trailer"))
    return [
        {
            "iso_639_1": "en",
            "iso_3166_1": "US",
            "name": name,
            "key": video_key(letters, traits.tmdb_id),
            "site": "YouTube",
            "size": 1080,
            "type": kind,
            "official": True,
            "published_at": f"{released - timedelta(days=90)}T16:00:00.000Z",
            "id": f"{letters.encode().hex()}{traits.tmdb_id:020x}",
        }
        for letters, kind, name in kinds
    ]


def _make_release_dates(released: date, rng: random.Random) -> list[dict]:
    certification = rng.choice(CERTIFICATIONS)
    return [
        {
            "iso_3166_1": country,
            "release_dates": [
                {
                    "certification": certification if country == "US" else "",
                    "descriptors": [],
                    "iso_639_1": "",
                    "note": "",
                    "release_date": f"{released}T00:00:00.000Z",
                    "type": 3,
                }
            ],
        }
        for country in [*rng.sample(("US", "GB", "DE"), rng.randint(1, 3)), "FR"]
    ]
