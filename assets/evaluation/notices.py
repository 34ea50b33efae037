"""The notices that the sources of a store's films demand on every report."""

from pipeline.core.terms import list_notices
from resources.run_context import RunContext


def find_notices(run_context: RunContext) -> list[dict[str, str]]:
    """Return the notices of the live source and of every dump that was imported, each once.

    Returns:
        Name, text and page of each; none where only the studio's films are in the store.
    """
    return list_notices([run_context.source.terms_id, *run_context.imports.kinds()])
