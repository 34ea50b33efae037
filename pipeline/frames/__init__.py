"""Which frames of a trailer are sampled, kept and cut into clips.

Choices over timestamps and arrays belong here. Decoding belongs in `pipeline.media`.
"""
