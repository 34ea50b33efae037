"""Assets of embeddings and of the regions of posters.

One asset a file: what it reads of a movie, and which backbones encode it. `embedding_run` drives
all but the regions; batches, networks and weights belong in `pipeline.embeddings` and
`resources.compute`.
"""
