"""Layouts of public datasets that are both read and written: names of files, and small formats.

What does not belong here: readers (`pipeline.crawl.datasets`) and writers (`pipeline.exports`),
which do not import each other.
"""
