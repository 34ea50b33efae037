"""Movies as partitions of a Dagster home, and the tags that make a run work on some of them."""

import warnings
from collections.abc import Iterable, Sequence

import dagster as dg

from pipeline.core.errors import ConfigurationError

# Single-run backfills have been in beta for years; the version of Dagster is pinned.
warnings.filterwarnings("ignore", message=".*backfill_policy.*", category=dg.BetaWarning)

MOVIES_NAME = "movies"
MOVIES = dg.DynamicPartitionsDefinition(name=MOVIES_NAME)
SINGLE_RUN = dg.BackfillPolicy.single_run()
"""On every asset: one run may hold a range of movies and the models behind them."""

SOURCE_PARTITIONS = "marquee_source"
_RANGE_START = "dagster/asset_partition_range_start"
_RANGE_END = "dagster/asset_partition_range_end"
"""Dagster's tags of a run for a range of partitions."""

_KEYS_AT_ONCE = 900
"""SQLite takes no more in one statement."""

ONLY = "marquee/only"
"""Run tag: the movies of the range that the run is for, where it is not for all of it."""


def register(instance: dg.DagsterInstance, tmdb_ids: Iterable[int], source: str) -> int:
    """Add movies as partitions, in the order given; return the number of new ones.

    Raises:
        ConfigurationError: This Dagster home holds the movies of another source.
    """
    claim_home(instance, source)
    known = set(instance.get_dynamic_partitions("movies"))
    new = [str(i) for i in tmdb_ids if str(i) not in known]
    for start in range(0, len(new), _KEYS_AT_ONCE):
        instance.add_dynamic_partitions("movies", new[start : start + _KEYS_AT_ONCE])
    return len(new)


def claim_home(instance: dg.DagsterInstance, source: str) -> None:
    """Mark Dagster's home as filled from `source`.

    Raises:
        ConfigurationError: Another source filled it.
    """
    if check_home(instance, source):
        return
    try:
        instance.add_dynamic_partitions(SOURCE_PARTITIONS, [source])
    except Exception:
        if not check_home(instance, source):  # else another process has marked it at this moment
            raise


def check_home(instance: dg.DagsterInstance, source: str) -> bool:
    """Check that Dagster's home is free for `source`; return whether it is marked as its own.

    Raises:
        ConfigurationError: Another source filled it.
    """
    found = instance.get_dynamic_partitions(SOURCE_PARTITIONS)
    if found and list(found) != [source]:
        raise ConfigurationError(
            f"This Dagster home shows movies of {found[0]}, this run reads {source}; the two never "
            "mix. Point DAGSTER_HOME (in .env) and MARQUEE_STORE to new folders."
        )
    return bool(found)


def range_tags(keys: Sequence[str], *, only: bool = False) -> dict[str, str]:
    """Return the tags that make a run from the first to the last of these keys.

    Args:
        keys: In the order of the partitions.
        only: Whether keys between them that are not listed are excluded, stale or not.
    """
    tags = {_RANGE_START: keys[0], _RANGE_END: keys[-1]}
    return {**tags, ONLY: ",".join(keys)} if only else tags


def has_partitions(context: dg.AssetExecutionContext) -> bool:
    """Whether a run is for a partition or for a range of them."""
    return context.has_partition_key or context.has_partition_key_range


def movies_of(context: dg.AssetExecutionContext) -> list[int]:
    """Return the movies that a run was asked for.

    Raises:
        ConfigurationError: It was asked for none: without a partition, or for a range whose ends
            are the wrong way round.
    """
    name = context.asset_key.to_user_string()
    if not has_partitions(context):
        raise ConfigurationError(
            f"{name} has one partition per movie, and this run names none. Choose movies "
            "(`--partition 597`), or run `uv run marquee build`, which takes all that are stale."
        )
    only = context.run.tags.get(ONLY)
    wanted = set(only.split(",")) if only else None
    movies = [int(key) for key in context.partition_keys if wanted is None or key in wanted]
    if not movies:
        first, last = context.run.tags.get(_RANGE_START), context.run.tags.get(_RANGE_END)
        raise ConfigurationError(
            f"{name}: the range {first}...{last} holds no movie. Dagster keeps movies in the order "
            f"in which they were added, not by number, and {first} was added after {last}: swap "
            "the ends, or choose single movies (`--partition 597`)."
        )
    return movies
