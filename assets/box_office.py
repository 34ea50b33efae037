"""Box office: what a movie earned.

What belongs here: the asset's work. What does not: reading pages (see `pipeline.crawl.imdbpro`)
and asking for them (see `resources.imdbpro`).
"""

import json
from collections.abc import Iterator

import dagster as dg

from assets.crawl import read_record
from assets.movie_assets import movie_asset
from pipeline.outcomes import Outcome, Reason, lacking
from resources.batch import Batch


def box_office(batch: Batch) -> Iterator[Outcome]:
    """What a movie earned: IMDbPro's worldwide gross in US dollars, else TMDB's revenue.

    The source of the figure stands beside it. Amounts in other currencies are kept as they are
    and make no label.
    """
    imdbpro = batch.workplace.imdbpro

    def look_up(tmdb_id: int) -> Outcome:
        from pipeline.crawl.box_office import choose_revenue

        record = read_record(batch, tmdb_id)
        page = imdbpro.box_office(record.imdb_id) if imdbpro and record.imdb_id else None
        figures = choose_revenue(page, record.revenue_usd)
        if figures is None:
            return lacking(tmdb_id, Reason.NO_BOX_OFFICE, "neither IMDbPro nor TMDB has a figure")
        content = json.dumps({"tmdb_id": tmdb_id, **figures}, sort_keys=True).encode()
        return batch.keep(
            tmdb_id,
            {batch.path(tmdb_id, ".json", "box_office"): content},
            revenue_usd=figures["revenue_usd"],
            revenue_source=figures["source"],
        )

    return batch.each(look_up, workers=8)


ASSETS = [
    movie_asset(
        box_office, group="crawl", kinds={"imdbpro", "json"},
        metadata={
            "file": "box_office/<tmdb_id>.json",
            "dagster/column_schema": dg.TableSchema(
                columns=[
                    dg.TableColumn("tmdb_id", "int"),
                    dg.TableColumn("revenue_usd", "float", description="worldwide, US dollars"),
                    dg.TableColumn("source", "str", description="imdbpro or tmdb"),
                ]
            ),
        },
    ),
]  # fmt: skip
