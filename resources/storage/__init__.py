"""The store, the ledger, and how a result is kept."""
