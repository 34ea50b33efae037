"""Layouts of public datasets that are both read and written: names of files, and small formats.

Readers (`pipeline.crawl.datasets`) and writers (`pipeline.exports`) do not know each other; what
both must agree on stands here.
"""
