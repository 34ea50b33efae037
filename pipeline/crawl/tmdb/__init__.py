"""Parsers of TMDB's responses, the ranking of its videos, and the cursor of its changes.

What does not belong here: requests and keys (`resources.sources.tmdb`).
"""
