"""Networks, baselines and their training; no scores."""
