"""Where the code of an asset stands, for its page in Dagster."""

import warnings
from collections.abc import Callable
from pathlib import Path

import dagster as dg


def code_reference(compute: Callable) -> dict[str, dg.CodeReferencesMetadataValue]:
    """Return the place of the function that computes an asset, as metadata.

    It is read from the compiled function: Dagster's `with_source_code_references` parses every
    source file, and of a per-movie asset finds the factory alone.
    """
    code = compute.__code__
    with warnings.catch_warnings():  # Dagster's version is pinned
        warnings.simplefilter("ignore", dg.BetaWarning)
        place = dg.LocalFileCodeReference(
            file_path=str(Path(code.co_filename).absolute()), line_number=code.co_firstlineno
        )
        found = dg.CodeReferencesMetadataValue(code_references=[place])
    return {"dagster/code_references": found}
