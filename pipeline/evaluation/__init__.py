"""Scores, intervals, plots and reports; no training."""
