"""Asset checks of the packed features and of every split, shown beside the data.

Those that find a leak block: in a run that trains, training begins after them.
"""

from collections.abc import Callable

import dagster as dg

from assets.orchestration.asset_specs import FEATURES
from assets.splits.features import load_features
from assets.splits.split_options import load_options
from assets.splits.system_splits import load_splits
from pipeline.core.errors import LeakError, SplitError
from pipeline.core.numpy_on_demand import np
from pipeline.core.tasks import Task, TaskKind
from pipeline.models.systems.registry import SYSTEMS
from pipeline.models.systems.system import System
from resources.run_context import RunContext

_LOOK_ROWS = 4096


def _table_check(
    name: str, description: str | None, look: Callable, *, blocking: bool = False
) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=FEATURES.name, name=name, description=description, blocking=blocking)
    def check(run_context: dg.ResourceParam[RunContext]) -> dg.AssetCheckResult:
        return look(load_features(run_context))

    return check


def _ids_are_unique(features) -> dg.AssetCheckResult:
    ids = features.table["tmdb_id"]
    twice = ids[ids.duplicated()].tolist()
    return dg.AssetCheckResult(passed=not twice, metadata={"movies": len(ids), "twice": twice[:20]})


def _shapes_and_ranges(features) -> dg.AssetCheckResult:
    """Streams have a row per movie, are finite where present and zero where not."""
    faults = [
        fault
        for name, values in features.streams.items()
        if (fault := _fault_of(name, values, features.masks[name], len(features)))
    ]
    revenue = features.table["revenue_usd"]
    if not (revenue.dropna() > 0).all():
        faults.append("revenue_usd: not positive")
    return dg.AssetCheckResult(passed=not faults, metadata={"faults": faults})


def _fault_of(name: str, values, mask: "np.ndarray", n_movies: int) -> str:
    from pipeline.core.ragged import Ragged

    if len(values) != n_movies or mask.shape != (n_movies,):
        return f"{name}: {len(values)} rows for {n_movies} movies"
    if isinstance(values, Ragged):
        if values.lengths[~mask].any():
            return f"{name}: not empty where missing"
        return _not_finite(name, values.values)
    if np.any(values[~mask]):
        return f"{name}: not zero where missing"
    return _not_finite(name, values)


def _not_finite(name: str, values: "np.ndarray") -> str:
    """Look piece by piece: the array lies on disk. Only metadata may not know a number."""
    for start in range(0, len(values), _LOOK_ROWS):
        part = np.asarray(values[start : start + _LOOK_ROWS], dtype=np.float32)
        if np.isinf(part).any() or (name != "metadata" and np.isnan(part).any()):
            return f"{name}: not finite"
    return ""


def _no_leaked_column(features) -> dg.AssetCheckResult:
    from pipeline.core.leaking_columns import check_no_leak

    columns = [*features.streams, *(c for named in features.columns.values() for c in named)]
    try:
        check_no_leak(columns)
    except LeakError as error:
        return dg.AssetCheckResult(passed=False, metadata={"leak": str(error)})
    return dg.AssetCheckResult(passed=True, metadata={"columns": columns})


def _shows_completeness(features) -> dg.AssetCheckResult:
    from pipeline.splits.completeness import probe_columns, probe_masks

    votes = features.table["vote_count"].to_numpy(np.float64)
    metadata = np.asarray(features.streams["metadata"], dtype=np.float64)
    probed = probe_columns(metadata, features.columns["metadata"], features.records, votes)
    masks = {name: mask for name, mask in features.masks.items() if name != "metadata"}
    probed += probe_masks(masks, features.records, votes)
    alarms = [one.group for one in probed if one.is_alarm]
    return dg.AssetCheckResult(
        passed=not alarms,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "alarms": alarms,
            **{f"share_{one.group.replace(' ', '_')}": one.share for one in probed},
        },
    )


def _split_check(
    system: System, name: str, description: str | None, look: Callable, *, blocking: bool
) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=f"{system.name}_splits", name=name, description=description, blocking=blocking
    )
    def check(run_context: dg.ResourceParam[RunContext]) -> dg.AssetCheckResult:
        table = load_features(run_context)
        found, faults = {}, []
        for task in system.tasks:
            frame = load_splits(run_context, system, task, table)
            found[task.name], wrong = look(
                task, frame, table.table, load_options(run_context, system)
            )
            faults += [f"{task.name}: {fault}" for fault in wrong]
        return dg.AssetCheckResult(
            passed=not faults,
            metadata={"found": dg.MetadataValue.json(found), "faults": faults},
        )

    return check


def _disjoint(_task: Task, frame, table, _options) -> tuple[object, list[str]]:
    """No movie is in two sets, no franchise in two of a random split, and the sets of the split by
    date follow each other; nothing is trained before it passed.
    """
    from pipeline.splits.leakage_checks import prove_disjoint

    try:
        prove_disjoint(frame, table)
    except SplitError as error:
        return str(error), [str(error)]
    return list(frame.columns[1:]), []


def _balance(task: Task, frame, table, options) -> tuple[object, list[str]]:
    """Movies per class or label and set; fails where the training set lacks one."""
    from pipeline.splits.targets import make_target

    counts, lacking = {}, []
    for name in frame.columns[1:]:
        sets = frame[name].to_numpy()
        target = make_target(task, table, np.flatnonzero(sets == "train"), options)
        counts[name] = {
            one: _count(task, target.values[sets == one]) for one in ("train", "val", "test")
        }
        if min(counts[name]["train"]) == 0:
            lacking.append(f"{name}: the training set lacks a class")
    return counts, lacking


def _count(task: Task, values: "np.ndarray") -> list[int]:
    if task.kind is TaskKind.CLASSES:
        return np.bincount(values[values >= 0], minlength=len(task.class_names)).tolist()
    if task.kind is TaskKind.LABELS:
        return np.nansum(values, axis=0).astype(int).tolist()
    return [int(np.isfinite(values).sum())]


CHECKS = [
    _table_check("ids_unique", "One row per movie.", _ids_are_unique),
    _table_check("shapes_and_ranges", _shapes_and_ranges.__doc__, _shapes_and_ranges),
    _table_check(
        "no_leaked_column",
        "No input is known only after release. Nothing is split or trained before it has passed.",
        _no_leaked_column,
        blocking=True,
    ),
    _table_check(
        "completeness",
        "No input shows by gaps and sizes how completely a record is filled in: they predict the "
        "later number of votes (F-test beyond budget and year, 200 movies with votes at least). "
        "Models of a blend fill gaps in; others read them.",
        _shows_completeness,
    ),
    *(
        _split_check(system, name, look.__doc__, look, blocking=blocking)
        for system in SYSTEMS
        for name, look, blocking in (
            ("disjoint", _disjoint, True),
            ("class_balance", _balance, False),
        )
    ),
]
