"""CLIP with a vocabulary, where its weights are; else why attributes of objects stay unknown."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

from pipeline.core.errors import WeightsError
from pipeline.core.versions import hash_bytes

if TYPE_CHECKING:  # loading definitions must not import torch
    from transformers import PreTrainedTokenizerBase

    from pipeline.embeddings.attributes import AttributeClassifier

NO_CLIP = "left open: CLIP's weights are not here, and random ones do not judge"
"""Stored in every file of regions, so its words stay."""

CLIP = ("clip_image", "clip_text")
"""The backbones that classify: of one model, so that pictures and words share a space."""


def vocabulary_version(file: str) -> str:
    """Return the version of the user's vocabulary; "" where he names none, or it is not there."""
    path = Path(file)
    return hash_bytes(path.read_bytes()) if file and path.is_file() else ""


def load_attribute_model(
    file: str, *, weights_folder: Path | None, allow_download: bool, device: str
) -> "tuple[AttributeClassifier | None, str]":
    """Load CLIP and the vocabulary; random weights never classify.

    Args:
        file: The user's vocabulary; "" for ours.
        weights_folder: Folder with weights that the user has.
        allow_download: Whether to fetch CLIP (600 MB) where no place has it.
        device: torch's name of the device.

    Returns:
        The classifier with the weights in words, or None with why attributes stay unknown.

    Raises:
        ConfigurationError: The vocabulary cannot be read.
        WeightsError: The user's own weights are no CLIP.
    """
    from pipeline.embeddings.attributes import AttributeClassifier, read_vocabulary
    from resources.compute.weights import load_backbone, users_files

    words = read_vocabulary(Path(file) if file else None)
    try:
        pictures, texts = (
            load_backbone(
                name,
                allow_random=False,
                weights_folder=weights_folder,
                allow_download=allow_download,
            )
            for name in CLIP
        )
    except WeightsError:
        if any(users_files(name, weights_folder) for name in CLIP):
            raise
        return None, NO_CLIP
    classifier = AttributeClassifier(
        words,
        (pictures.network, pictures.backbone),
        (texts.network, cast("PreTrainedTokenizerBase", texts.tokenizer), texts.backbone),
        device=device,
    )
    return classifier, f"{pictures.weights_label}, {len(words)} words"
