"""Parsers of IMDbPro's pages, and the writer of a table with their columns.

What does not belong here: requests, cookies and pacing (`resources.sources.imdbpro`).
"""
