"""Packed features, targets, and which movies are in the training, validation and test set of each
split; no models.
"""
