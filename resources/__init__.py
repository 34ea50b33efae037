"""What we touch: clients, store, ledger, device; no science and no Dagster assets."""
