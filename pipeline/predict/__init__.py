"""Predictions for one movie: what may be given of it, its row of features, and what models answer.

What does not belong here: the store, networks that embed, and sources (`assets.predict`).
"""
