"""What IMDbPro knows of a generated movie's box office."""

from datetime import date

from resources.studio.catalogue.draws import chance
from resources.studio.catalogue.traits import Traits
from resources.studio.truth.revenue_truth import revenue_usd

UNITS_PER_USD = {"$": 1.0, "£": 0.78, "¥": 112.0}


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
