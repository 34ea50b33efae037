"""Box office: what a movie earned."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from assets.crawl.movie_records import read_answer
from assets.orchestration.asset_specs import BOX_OFFICE_FILE
from assets.orchestration.column_lineage import BOX_OFFICE, column_lineage
from assets.orchestration.movie_asset import movie_asset
from pipeline.core.outcomes import Outcome, Reason, lacking
from pipeline.core.records import MovieRecord
from pipeline.crawl.box_office_figures import (
    Figures,
    figures_from_page,
    figures_from_record,
    read_imported_figures,
)
from pipeline.crawl.box_office_selection import describe_box_office
from pipeline.crawl.currency_conversion import ExchangeRates
from pipeline.crawl.imdbpro.drift import stop_on_layout_drift
from pipeline.crawl.tmdb.responses import parse_details
from resources.sources.box_office_pages import BoxOfficePages, BoxOfficeReading
from resources.sources.exchange_rates import read_exchange_rates
from resources.storage.batch import MovieBatch


def box_office(batch: MovieBatch) -> Iterator[Outcome]:
    """What a movie earned: the worldwide gross in US dollars of the most trusted source.

    IMDbPro's comes before reference implementation 000's table, TMDB's revenue, The Numbers and
    Box Office Mojo. A figure that others contradict is passed over; `disputed` and `decisions`
    state which and why. Every
    source's figures are kept with their currency; only US dollars make a label, or what rates of
    the user's own turn into them. Amounts stand in dollars of their time and, beside them, in real
    ones. IMDbPro's figures of a movie of the last year are refreshed every week, later every month.
    """
    rates = read_exchange_rates(batch.run_context.settings.exchange_rates)
    pages = BoxOfficePages(batch)

    def look_up(tmdb_id: int) -> Outcome:
        answer = read_answer(batch, tmdb_id)
        record = parse_details(answer)
        reading = pages.read(tmdb_id, record.imdb_id, record.release_date)
        if reading.failed is not None:
            return reading.failed
        figures = [figures_from_record(record, answer), *read_imported_figures(answer)]
        if reading.summary is not None:
            figures.append(figures_from_page(reading.summary))
        return _keep(batch, record, figures, reading, rates)

    return stop_on_layout_drift(batch.each(look_up, workers=8), pages.weight_of, source="IMDbPro")


def _keep(
    batch: MovieBatch,
    record: MovieRecord,
    figures: Sequence[Figures],
    reading: BoxOfficeReading,
    rates: ExchangeRates,
) -> Outcome:
    tmdb_id = record.tmdb_id
    year = record.release_date.year if record.release_date else None
    described = describe_box_office(figures, year=year, rates=rates, days=reading.days)
    if described is None:
        nothing = lacking(tmdb_id, Reason.NO_BOX_OFFICE, "no source has a figure", **reading.notes)
        return nothing.with_next_attempt(reading.next_attempt_s)
    content = json.dumps({"tmdb_id": tmdb_id, **described}, sort_keys=True).encode()
    return batch.keep(
        tmdb_id,
        {BOX_OFFICE_FILE.path(batch.run_context.store, tmdb_id): content},
        lacks=(Reason(described["reason"]), described["detail"]) if described["reason"] else None,
        next_attempt_s=reading.next_attempt_s,
        **_summarise(described),
        **reading.notes,
    )


def _summarise(described: Mapping) -> dict[str, Any]:
    """Return what the movie's partition shows."""
    shown = ("revenue_usd", "revenue_usd_real", "budget_usd", "budget_usd_real", "real_usd_year",
             "cpi_year", "revenue_converted", "budget_converted")  # fmt: skip
    known = {name: described[name] for name in shown if described.get(name) is not None}
    decided = {name: described[name] for name in ("disputed", "decisions") if described[name]}
    return {**known, **decided, "revenue_source": described["source"]}


ASSETS = [
    movie_asset(
        box_office,
        kinds={"imdbpro", "json"},
        metadata={
            "dagster/column_schema": dg.TableSchema(
                columns=[
                    dg.TableColumn("tmdb_id", "int"),
                    dg.TableColumn("revenue_usd", "float", description="worldwide, US dollars"),
                    dg.TableColumn("revenue_usd_real", "float", description="of real_usd_year"),
                    dg.TableColumn("budget_usd", "float", description="US dollars"),
                    dg.TableColumn("budget_usd_real", "float", description="of real_usd_year"),
                    dg.TableColumn("source", "str", description="whose worldwide gross it is"),
                    dg.TableColumn("reason", "str", description="why there is no label"),
                    dg.TableColumn("disputed", "bool", description="whether sources disagree"),
                    dg.TableColumn("decisions", "list", description="figures passed over, and why"),
                    dg.TableColumn("figures", "list", description="every source's, as it has them"),
                    dg.TableColumn("days", "object", description="IMDbPro's table of the run"),
                ]
            ),
            **column_lineage(BOX_OFFICE),
        },
    ),
]
