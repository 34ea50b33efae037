"""Parse responses and dumps of the sources into records, and select a movie's box office.

What does not belong here: requests, waiting and storage (`resources`).
"""
