"""Writers of public layouts: one file per kind, each makes files of what it is given.

No stage: it knows neither the store nor the ledger (see `assets.exports`).
"""
