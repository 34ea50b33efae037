"""The old place of `pipeline.franchises`, for modules that have not moved yet; nothing else."""

from pipeline.franchises import count_forerunners, franchise_of, title_key

__all__ = ["count_forerunners", "franchise_of", "title_key"]
