"""What can be held of a store. Runs, and who guards a moment's work, have names of their own."""

STORE = "store"
"""The whole, alone: an import, a repair, pruning."""

WORK = "work"
"""The store, beside others; each owner has one."""

MODELS = "the models"
"""Features, splits, models, evaluations and predictions: each reads what the one before wrote."""

CATALOG = "the catalog"
"""Asking the source which movies there are."""
