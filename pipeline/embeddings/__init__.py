"""Arrays become embeddings through backbones; no files, no films."""
