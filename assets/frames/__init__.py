"""Assets of what is seen and heard of a trailer: kept frames, clips and sound.

One asset a file, and `trailer_reading`, which runs in a process of its own. How frames are chosen
belongs in `pipeline.frames`, how files are decoded in `pipeline.media`.
"""
