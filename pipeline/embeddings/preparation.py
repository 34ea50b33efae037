"""The version of what is done to an input before its backbone sees it."""

from dataclasses import asdict

from pipeline.core.versions import combine, hash_json
from pipeline.embeddings.backbones import Backbone

CODE_VERSION = "1"
"""Raise it when the same row of the table prepares the same input otherwise than before."""

_TOLD_ELSEWHERE = ("name", "modality", "width", "weights", "source", "licence", "origin")


def preparation_version(backbone: Backbone) -> str:
    """Hash the size, rates, normalisation, cutting and pooling of a row, and the code's version.

    Example:
        >>> from dataclasses import replace
        >>> from pipeline.embeddings.backbones import BACKBONES
        >>> row = BACKBONES["resnet18"]
        >>> preparation_version(row) == preparation_version(replace(row, licence="other"))
        True
        >>> preparation_version(row) == preparation_version(replace(row, input_px=112))
        False
    """
    told = {k: v for k, v in asdict(backbone).items() if k not in _TOLD_ELSEWHERE}
    return combine([CODE_VERSION, hash_json(told)])
