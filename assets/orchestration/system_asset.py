"""The factory of a system's unpartitioned assets: what splits, baselines, model and scores
share.
"""

from collections.abc import Callable, Mapping, Sequence

import dagster as dg

from assets.orchestration.lineage import code_version
from assets.orchestration.partitions import SINGLE_RUN
from pipeline.core.systems import System


def system_asset(
    system: System,
    stage: str,
    *,
    group: str,
    deps: Sequence[str],
    kinds: set[str],
    metadata: Mapping[str, object],
    description: str,
) -> Callable[[Callable], dg.AssetsDefinition]:
    """Decorate the function that makes one stage of a system.

    Args:
        system: The row of the table of systems.
        stage: The last word of the asset's name, a key of
            `assets.orchestration.lineage.CODE_VERSIONS`.
        group: The stage word that the UI groups it under.
        deps: Names of the assets it depends on.
        kinds: Shown in the UI.
        metadata: Shape or column schema of what it makes.
        description: For the UI.
    """
    name = f"{system.name}_{stage}"
    return dg.asset(
        name=name,
        deps=deps,
        group_name=group,
        kinds=kinds,
        code_version=code_version(name),
        backfill_policy=SINGLE_RUN,
        tags={"marquee/stage": group, "marquee/system": system.name},
        metadata=metadata,
        description=description,
    )
