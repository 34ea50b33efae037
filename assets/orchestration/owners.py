"""Who owns the assets: nobody, unless `MARQUEE_OWNERS` names somebody."""

from collections.abc import Sequence

import dagster as dg

from pipeline.core.errors import ConfigurationError


def read_owners(text: str) -> list[str]:
    """Read owners from a list with commas; Dagster decides what an owner is.

    Raises:
        ConfigurationError: One is neither an e-mail address nor a team.

    Example:
        >>> read_owners("ada@example.org, team:films")
        ['ada@example.org', 'team:films']
    """
    owners = [owner.strip() for owner in text.split(",") if owner.strip()]
    for owner in owners:
        try:
            dg.AssetSpec("any", owners=[owner])
        except dg.DagsterInvalidDefinitionError as error:
            raise ConfigurationError(
                f"MARQUEE_OWNERS holds {owner!r}; an owner is an e-mail address or a team, as "
                "`team:films`."
            ) from error
    return owners


def set_owners(
    assets: Sequence[dg.AssetsDefinition], owners: Sequence[str]
) -> Sequence[dg.AssetsDefinition]:
    """Put the owners on every asset."""
    if not owners:
        return assets
    return dg.map_asset_specs(lambda spec: spec.replace_attributes(owners=owners), assets)
