"""Posters, trailers and sound: files checked and decoded to arrays.

Decoding, and what a file's container or header states, belong here. Which frames are chosen belongs
in `pipeline.frames`, networks and their inputs in `pipeline.embeddings`, downloads in `resources`.
"""
