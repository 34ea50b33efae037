"""Asset checks: what must hold of the data, shown beside the data.

What belongs here: the checks. What does not: the rules they ask (see `pipeline.splits`).
"""

from collections.abc import Callable

import dagster as dg
import numpy as np

from assets.splits import SYSTEMS, load_features, splits_path
from assets.status import NOT_TRIED, count_statuses
from assets.steps import STEPS
from pipeline.errors import LeakError, SplitError
from pipeline.systems import System
from resources.workplace import Workplace

MAX_RETRY_SHARE = 0.2
"""More films than this share that could not be had for now hint at a source that is down."""


def _status_check(name: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=name,
        name="statuses",
        description="Share of films per status; warns when many could not be had for now.",
    )
    def check(workplace: dg.ResourceParam[Workplace]) -> dg.AssetCheckResult:
        counts = count_statuses(workplace)[name]
        known = max(sum(counts.values()), 1)
        shares = {f"share_{status}": round(n / known, 4) for status, n in counts.items()}
        tried = known - counts[NOT_TRIED]
        return dg.AssetCheckResult(
            passed=counts["retry"] <= MAX_RETRY_SHARE * max(tried, 1),
            severity=dg.AssetCheckSeverity.WARN,
            metadata={**counts, **shares, "known": known},
        )

    return check


def _table_check(
    system: System, name: str, description: str, look: Callable
) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=f"{system.name}_features", name=name, description=description)
    def check(workplace: dg.ResourceParam[Workplace]) -> dg.AssetCheckResult:
        return look(load_features(workplace, system))

    return check


def _ids_are_unique(features) -> dg.AssetCheckResult:
    ids = features.table["tmdb_id"]
    twice = ids[ids.duplicated()].tolist()
    return dg.AssetCheckResult(passed=not twice, metadata={"movies": len(ids), "twice": twice[:20]})


def _shapes_and_ranges(features) -> dg.AssetCheckResult:
    """Streams have a row per movie, are finite where present and zero where not."""
    faults = []
    for name, values in features.streams.items():
        mask = features.masks[name]
        if values.shape[0] != len(features) or mask.shape != (len(features),):
            faults.append(f"{name}: shape {values.shape} for {len(features)} movies")
            continue
        present = np.asarray(values[mask], dtype=np.float32)
        if np.isinf(present).any() or (name != "metadata" and np.isnan(present).any()):
            faults.append(f"{name}: not finite")
        if np.any(values[~mask]):
            faults.append(f"{name}: not zero where missing")
    revenue = features.table["revenue_usd"]
    if not (revenue > 0).all():
        faults.append("revenue_usd: not positive")
    return dg.AssetCheckResult(passed=not faults, metadata={"faults": faults})


def _no_leaked_column(features) -> dg.AssetCheckResult:
    from pipeline.leaks import check_no_leak

    columns = [*features.streams, *(c for named in features.columns.values() for c in named)]
    try:
        check_no_leak(columns)
    except LeakError as error:
        return dg.AssetCheckResult(passed=False, metadata={"leak": str(error)})
    return dg.AssetCheckResult(passed=True, metadata={"columns": columns})


def _disjoint_check(system: System) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=f"{system.name}_splits",
        name="disjoint",
        description="No film and no franchise stands in two parts of a split.",
    )
    def check(workplace: dg.ResourceParam[Workplace]) -> dg.AssetCheckResult:
        import pandas as pd

        from pipeline.splits.proof import prove_disjoint

        frame = pd.read_parquet(splits_path(workplace, system))
        try:
            prove_disjoint(frame, load_features(workplace, system).table)
        except SplitError as error:
            return dg.AssetCheckResult(passed=False, metadata={"fault": str(error)})
        return dg.AssetCheckResult(passed=True, metadata={"splits": list(frame.columns[1:])})

    return check


def _balance_check(system: System) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=f"{system.name}_splits",
        name="class_balance",
        description="Films per class and part; fails where the training part lacks a class.",
    )
    def check(workplace: dg.ResourceParam[Workplace]) -> dg.AssetCheckResult:
        import pandas as pd

        from pipeline.splits.labels import classify, fit_edges

        table = load_features(workplace, system).table
        frame = pd.read_parquet(splits_path(workplace, system))
        counts, lacking = {}, []
        for name in frame.columns[1:]:
            parts = frame[name].to_numpy()
            edges = fit_edges(table["revenue_usd"][parts == "train"], len(system.class_names))
            classes = classify(table["revenue_usd"], edges)
            counts[name] = {
                part: np.bincount(
                    classes[parts == part], minlength=len(system.class_names)
                ).tolist()
                for part in ("train", "val", "test")
            }
            lacking += [name] if min(counts[name]["train"]) == 0 else []
        return dg.AssetCheckResult(
            passed=not lacking,
            metadata={"counts": dg.MetadataValue.json(counts), "lacking": lacking},
        )

    return check


CHECKS = [
    *(_status_check(step.name) for step in STEPS),
    *(
        check
        for system in SYSTEMS
        for check in (
            _table_check(system, "ids_unique", "One row per film.", _ids_are_unique),
            _table_check(
                system, "shapes_and_ranges", _shapes_and_ranges.__doc__, _shapes_and_ranges
            ),
            _table_check(
                system,
                "no_leaked_column",
                "No input is known only after release.",
                _no_leaked_column,
            ),
            _disjoint_check(system),
            _balance_check(system),
        )
    ),
]
