"""Weights that come as a folder, as the hub lays it out: configuration, parameters, tokenizer."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.core.errors import WeightsError
from pipeline.embeddings.backbones import Backbone, Modality, Pooling

if TYPE_CHECKING:  # loading definitions must not import them
    from torch import nn
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Loaded = tuple["nn.Module", "PreTrainedTokenizerBase | None"]
"""A network, and its tokenizer where it takes texts."""


def find_folder(backbone: Backbone, folder: Path | None) -> Path | None:
    """Find a backbone's folder in the user's: by its name, or by the last part of the hub's."""
    names = (backbone.name, backbone.weights.rpartition("/")[2])
    places = [folder / name for name in names] if folder else []
    return next((place for place in places if (place / "config.json").is_file()), None)


def read_folder(
    backbone: Backbone, place: str, label: str, *, local_files_only: bool = True
) -> Loaded:
    """Read a network and its tokenizer from a folder, or by the hub's name of a model.

    Messages call it `label`; `local_files_only` keeps from the hub.

    Raises:
        OSError: There is no such model, by transformers' account.
        WeightsError: It is another model, or incomplete.
    """
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()  # its report of parameters is read below, and not for users
    if backbone.modality is not Modality.TEXT:
        trunk = _read_trunk(backbone, place, label, local_files_only)
        return _build(backbone, trunk), None
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(place, local_files_only=local_files_only)
    trunk = _read_trunk(backbone, place, label, local_files_only)
    return _build(backbone, trunk), tokenizer


def read_users_folder(backbone: Backbone, place: Path) -> Loaded:
    """Read a folder that the user named.

    Raises:
        WeightsError: It cannot be read, is another model, or incomplete.
    """
    from safetensors import SafetensorError

    try:
        return read_folder(backbone, str(place), f"folder {place.name}")
    except (OSError, ValueError, RuntimeError, SafetensorError) as err:
        message = str(err).split("\n")[0][:200]
        raise WeightsError(
            f"the weights folder {place.name}/ cannot be read as {backbone.weights}: {message}; "
            "bring it as the hub lays it out"
        ) from err


def _model_class(backbone: Backbone) -> Any:  # what its loader returns depends on the options
    import transformers

    if backbone.modality is Modality.IMAGE:
        return transformers.CLIPVisionModelWithProjection
    if backbone.modality is Modality.AUDIO:
        return transformers.ASTModel
    if backbone.pooling is Pooling.PROJECTED:
        return transformers.CLIPTextModelWithProjection
    return transformers.AutoModel


def _read_trunk(
    backbone: Backbone, place: str, label: str, local_files_only: bool
) -> "PreTrainedModel":
    import torch

    trunk, found = _model_class(backbone).from_pretrained(
        place, local_files_only=local_files_only, dtype=torch.float32, output_loading_info=True
    )
    width = getattr(trunk.config, "projection_dim", None) or trunk.config.hidden_size
    if width != backbone.width:
        raise WeightsError(
            f"backbone {backbone.name} wants a model of width {backbone.width}, {label} has {width}"
        )
    missing = set(found["missing_keys"])
    if backbone.pooling in (Pooling.CLS, Pooling.MASKED_MEAN) and hasattr(trunk, "pooler"):
        unused = {name for name in missing if name.startswith("pooler.")}
        if unused:
            trunk.pooler = None  # drawn anew at every loading, and asked by nobody
        missing -= unused
    if missing:
        raise WeightsError(
            f"{label} is not {backbone.weights}: it lacks {len(missing)} parameters of backbone "
            f"{backbone.name}, such as {min(missing)}"
        )
    return trunk


def _build(backbone: Backbone, trunk: "PreTrainedModel") -> "nn.Module":
    if backbone.modality is Modality.IMAGE:
        from pipeline.embeddings.pixel_networks import ClipImageTrunk, wrap_trunk

        return wrap_trunk(backbone, ClipImageTrunk(trunk))
    if backbone.modality is Modality.AUDIO:
        from pipeline.embeddings.audio import build_audio_network

        return build_audio_network(trunk)
    from pipeline.embeddings.text import build_text_network

    return build_text_network(backbone, trunk)
