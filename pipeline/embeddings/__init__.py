"""Pretrained networks without their heads, and the loop that embeds many movies with them.

The table of backbones, how each modality's input is prepared, batches across movies, and detection
on posters belong here. Where weights come from belongs in `resources.compute`; which movies are
embedded, and where their files go, in `assets.embeddings`.
"""
