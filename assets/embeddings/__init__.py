"""Assets of embeddings and of the regions of posters."""
