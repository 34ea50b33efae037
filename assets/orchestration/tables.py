"""Tables for Dagster's UI."""

from collections.abc import Mapping, Sequence

import dagster as dg


def table_metadata(
    name: str, records: Sequence[Mapping[str, str | int | float | bool | None]]
) -> dict[str, dg.TableMetadataValue]:
    """Return metadata with a table of records; none where there are no records.

    Dagster derives a table's columns from its first record and refuses one without any.

    Example:
        >>> table_metadata("scores", [])
        {}
    """
    if not records:
        return {}
    return {name: dg.MetadataValue.table([dg.TableRecord(dict(record)) for record in records])}
