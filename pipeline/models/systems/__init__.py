"""The five systems: which variants each has."""
