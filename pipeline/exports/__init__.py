"""Writers of public formats, and the folder and manifest of an export.

What does not belong here: the store and the ledger (`assets.exports`), and the readers of the same
formats (`pipeline.crawl.datasets`).
"""
