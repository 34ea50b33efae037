"""Which figure becomes the label: IMDbPro's worldwide gross, else TMDB's revenue.

What belongs here: the choice and what is kept beside it. What does not: reading pages.
"""

from dataclasses import asdict

from pipeline.crawl.imdbpro import BoxOffice


def choose_revenue(page: BoxOffice | None, tmdb_revenue_usd: float | None) -> dict | None:
    """Choose a movie's revenue and keep everything that was known.

    Only US dollars become a label; an amount in another currency is kept as it is.

    Args:
        page: IMDbPro's figures, or None where it was not asked or has no page.
        tmdb_revenue_usd: TMDB's, or None where unknown.

    Returns:
        `revenue_usd` and its `source`, with every amount and currency under `imdbpro`; None where
        nothing at all is known. `revenue_usd` is None where there are foreign amounts alone.

    Example:
        >>> choose_revenue(None, 9693.0)
        {'revenue_usd': 9693.0, 'source': 'tmdb', 'imdbpro': {}}
    """
    amounts = {name: money for name, money in asdict(page).items() if money} if page else {}
    worldwide = page.gross_worldwide if page else None
    if worldwide and worldwide.currency == "USD":
        return {"revenue_usd": worldwide.amount, "source": "imdbpro", "imdbpro": amounts}
    if tmdb_revenue_usd:
        return {"revenue_usd": tmdb_revenue_usd, "source": "tmdb", "imdbpro": amounts}
    return {"revenue_usd": None, "source": "none", "imdbpro": amounts} if amounts else None
