"""The decorator of unpartitioned assets: all but the code comes from the asset's spec."""

import inspect
from collections.abc import Callable, Mapping, Sequence

import dagster as dg

from assets.orchestration.asset_specs import CATALOG, UNPARTITIONED_ASSETS
from assets.orchestration.code_references import code_reference
from assets.orchestration.launch_form import check_at_launch
from assets.orchestration.partitions import SINGLE_RUN


def unpartitioned_asset(
    name: str,
    *,
    kinds: set[str],
    metadata: Mapping[str, object],
    description: str | None = None,
    check_specs: Sequence[dg.AssetCheckSpec] = (),
    freshness_policy: dg.FreshnessPolicy | None = None,
) -> Callable[[Callable], dg.AssetsDefinition]:
    """Decorate the function that computes an unpartitioned asset.

    The type of its argument `config` is the launch form, checked before a run exists.

    Args:
        name: Name of the asset, in `UNPARTITIONED_ASSETS` or the catalog's.
        kinds: Shown in the UI.
        metadata: Place, shape or column schema of its result.
        description: For the UI; the function's docstring where None.
        check_specs: Checks whose results the function returns with its own.
        freshness_policy: How old its last result may be.
    """
    spec = {CATALOG.name: CATALOG, **UNPARTITIONED_ASSETS}[name]

    def decorate(compute: Callable) -> dg.AssetsDefinition:
        form = inspect.signature(compute).parameters.get("config")
        build = dg.asset(
            name=name,
            deps=spec.upstreams,
            group_name=spec.stage,
            kinds=kinds,
            code_version=spec.code_version,
            backfill_policy=SINGLE_RUN,
            tags={
                "marquee/stage": spec.stage,
                **({"marquee/system": spec.system} if spec.system else {}),
            },
            metadata={**code_reference(compute), **metadata},
            description=description,
            check_specs=check_specs,
            freshness_policy=freshness_policy,
        )
        asset = build(compute)
        return check_at_launch(asset, form.annotation) if form else asset

    return decorate
