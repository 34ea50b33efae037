"""Estimators: how each kind of model is fitted, baselines included."""
