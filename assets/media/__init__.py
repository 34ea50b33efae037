"""Assets of posters and trailers as files.

One asset a file. An asset reads the record of a movie, calls a source of `resources` and a check
of `pipeline.media`, and stores the file. Downloading and decoding themselves do not belong here.
"""
