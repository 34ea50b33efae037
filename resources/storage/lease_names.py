"""What can be held of a store. Runs, and who guards a moment's work, have names of their own."""

STORE = "store"
"""The whole, alone: an import, a repair, pruning."""

WORK = "work"
"""The store, beside others; each owner has one."""

MODELS = "the models"
"""Features, splits, models, evaluations and predictions: each reads what the one before wrote."""

CATALOG = "the catalog"
"""Asking the source which movies there are."""

INDEX = "the lists of files"
"""Those of a distant store's folders (`mirror.py`), for the moment in which one is changed."""

_OF = " of "


def models_of(system: str) -> str:
    """Return the lease of one system's splits, models and evaluations, beside other systems'.

    Example:
        >>> models_of("genre")
        'the models of genre'
    """
    return f"{MODELS}{_OF}{system}"


def whole_of(lease: str) -> str | None:
    """Return the lease of which this is a part; None where it is no part.

    Example:
        >>> whole_of("the models of genre")
        'the models'
    """
    return MODELS if lease.startswith(parts_of(MODELS)) else None


def parts_of(lease: str) -> str:
    """Return how the names of a lease's parts begin."""
    return f"{lease}{_OF}"
