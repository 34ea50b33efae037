"""The HTTP client and what bounds it: addresses, sizes, rates, secrets."""
