"""The definitions with one more row in the registry of systems."""

from sixth_system import VOTES

from pipeline.models.systems import registry

registry.SYSTEMS += (VOTES,)

from assets.definitions import defs  # noqa: E402 — after the row

__all__ = ["defs"]
