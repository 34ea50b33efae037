"""What we know: pure functions; no Dagster, no network, no environment, no clock."""
