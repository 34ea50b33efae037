"""Readers of public dumps, one module per dump: rows become fields in TMDB's format, or are
rejected with a reason.

What does not belong here: which movie of the store a row without ids is (`assets.crawl`), and the
writers of the same formats (`pipeline.exports`).
"""
