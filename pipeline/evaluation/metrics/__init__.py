"""Metrics, intervals and tests of differences."""
