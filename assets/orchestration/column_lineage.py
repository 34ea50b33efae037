"""Which column of a table comes from which columns of the tables before it, as Dagster shows it.

The table below states it once; `tests/graph/test_column_lineage.py` changes every column in turn
and compares what follows with it. Features that are arrays have no columns.
"""

from collections.abc import Iterable, Mapping

import dagster as dg

from assets.orchestration.asset_specs import CATALOG, FEATURES
from pipeline.core.split_names import BY_DATE
from pipeline.core.staleness import RECORDS
from pipeline.core.tasks import Task

Sources = Mapping[str, tuple[tuple[str, str], ...]]
"""By column, the assets and their columns that it is computed from."""

BOX_OFFICE = "box_office"
_ID, _DATE = (RECORDS, "id"), (RECORDS, "release_date")
_REVENUE, _BUDGET = (RECORDS, "revenue"), (RECORDS, "budget")

COLUMN_SOURCES: Mapping[str, Sources] = {
    RECORDS: {"id": ((CATALOG.name, "tmdb_id"),)},
    BOX_OFFICE: {
        "tmdb_id": (_ID,),
        "revenue_usd": (_REVENUE,),
        "revenue_usd_real": (_REVENUE, _DATE),
        "budget_usd": (_BUDGET,),
        "budget_usd_real": (_BUDGET, _DATE),
    },
    FEATURES.name: {
        "tmdb_id": (_ID,),
        "imdb_id": ((RECORDS, "imdb_id"),),
        "title": ((RECORDS, "title"),),
        "release_date": (_DATE,),
        "franchise": (
            (RECORDS, "belongs_to_collection"),
            (RECORDS, "title"),
            (RECORDS, "credits"),
            _ID,
        ),
        "revenue_usd": ((BOX_OFFICE, "revenue_usd"),),
        "budget_usd": (_BUDGET,),
        "genres": ((RECORDS, "genres"),),
        "vote_average": ((RECORDS, "vote_average"),),
        "vote_count": ((RECORDS, "vote_count"),),
        "revenue_usd_real": ((BOX_OFFICE, "revenue_usd"), _DATE),
        "budget_usd_real": (_BUDGET, _DATE),
    },
}
"""The tables whose columns are the same in every run. IMDbPro and dumps add figures to those of
`box_office`; they are no assets."""


def column_lineage(asset: str) -> dict[str, dg.TableColumnLineage]:
    """Return an asset's column lineage as metadata."""
    return _as_metadata(COLUMN_SOURCES[asset])


def split_lineage(task: Task, columns: Iterable[str]) -> dict[str, dg.TableColumnLineage]:
    """Return the column lineage of a task's splits as metadata.

    A random split keeps franchises together and is balanced by the target; the one by date takes
    the movies whose target is known.

    Args:
        task: What is predicted.
        columns: Of the table of splits, `tmdb_id` first.
    """
    read = task.rule.columns if task.rule else ()
    sources = {}
    for column in columns:
        chosen_by = "release_date" if column == BY_DATE else "franchise"
        names = ("tmdb_id",) if column == "tmdb_id" else (chosen_by, *read)
        sources[column] = tuple((FEATURES.name, name) for name in names)
    return _as_metadata(sources)


def _as_metadata(sources: Sources) -> dict[str, dg.TableColumnLineage]:
    return {
        "dagster/column_lineage": dg.TableColumnLineage(
            {
                column: [dg.TableColumnDep(dg.AssetKey(asset), name) for asset, name in origins]
                for column, origins in sources.items()
            }
        )
    }
