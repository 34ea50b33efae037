"""Each picture and clip backbone: built once, small inputs, against the library's own forward."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torchvision
from processors import needs_bf16
from torch import nn
from torchvision.transforms import functional
from transformers import CLIPImageProcessor

from pipeline.embeddings.backbones import BACKBONES, Modality, Origin
from pipeline.embeddings.encode import encode_arrays
from pipeline.embeddings.pixel_networks import build_pixel_network

PIXELS = (Modality.IMAGE, Modality.POSTER, Modality.VIDEO)
SEEN = [b for b in BACKBONES.values() if b.modality in PIXELS]
HEADS = {"vgg16": "classifier.6", "vgg19": "classifier.6", "swin_t": "head", "swin3d_t": "head"}


SIDES_PX = {"clip_image": 224, "r2plus1d_18": 32}
"""A ViT has as many places as patches; bfloat16 in R(2+1)D is slow without the instructions."""
MOVIES = {0: slice(0, 1), 1: slice(1, 3), 2: slice(3, 4)}
"""Which of the four units are whose."""


@pytest.fixture(scope="module", params=SEEN, ids=lambda b: b.name)
def backbone(request):
    """Return a row of the table, with an input so small that a forward pass takes no time."""
    row = request.param
    px = SIDES_PX.get(row.name, 64)
    height_px = row.input_height_px and 96
    return replace(row, input_px=px, input_height_px=height_px, n_frames=row.n_frames and 4)


@pytest.fixture(scope="module")
def network(backbone):
    return build_pixel_network(backbone, None)


@pytest.fixture(scope="module")
def units(backbone):
    """Draw four pictures or clips, of another colour each."""
    (height_px, px), n_frames = backbone.input_size_px, backbone.n_frames
    rng = np.random.default_rng(0)
    shape = (4, n_frames, px, px, 3) if n_frames else (4, height_px, px, 3)
    colour = np.array([[200, 90, 30], [20, 60, 160], [60, 190, 90], [240, 240, 60]])
    colour = colour.reshape(4, *[1] * (len(shape) - 2), 3)
    return np.clip(colour + rng.integers(-90, 90, shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def features(network, backbone, units):
    """Embed each unit in a batch of its own."""
    return embed([0, 1, 2], units, network, backbone, batch_size=1)


def embed(order, units, network, backbone, **options):
    """Embed movies in an order; return the features of their units in the units' own order."""
    movies = [(i, units[MOVIES[i]]) for i in order]
    found = dict(encode_arrays(movies, network, backbone, **options))
    return np.concatenate([found[i] for i in sorted(order)])


def cosines(a, b):
    return (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


def test_embeddings_have_the_width_that_the_table_says(network, backbone, features):
    assert features.shape == (4, backbone.width)
    assert features.dtype == np.float32
    assert 1e-4 < np.abs(features).mean() < 100
    assert not network.training
    assert not any(p.requires_grad for p in network.parameters())
    assert BACKBONES[backbone.name].width == backbone.width


def test_an_embedding_is_its_movies_own_in_any_order_and_company(
    network, backbone, units, features
):
    """To the last bits: oneDNN chooses its kernels by the batch, and they sum in another order."""
    mixed = embed([2, 0, 1], units, network, backbone, batch_size=2)
    assert cosines(mixed, features).min() >= 0.99999
    fewer = embed([2, 1], units, network, backbone, batch_size=3)
    assert cosines(fewer, features[1:]).min() >= 0.99999


@needs_bf16
def test_bfloat16_changes_an_embedding_by_next_to_nothing(network, backbone, units, features):
    in_bf16 = embed([0], units, network, backbone, batch_size=1, use_bf16=True)
    assert in_bf16.dtype == np.float32
    assert cosines(features[:1], in_bf16).min() >= 0.999


def test_an_embedding_is_what_the_library_itself_sees_before_its_head(
    network, backbone, units, features
):
    alone = np.concatenate([library_features(network, backbone, unit) for unit in units])
    with_head = alone.shape[1] != backbone.width
    ours = (
        library_head(network, backbone)(torch.tensor(features)).numpy() if with_head else features
    )
    assert cosines(ours, alone).min() >= 0.999
    assert np.abs(ours - alone).max() <= 1e-3 * np.abs(alone).max()  # where all features are alike


def library_features(network, backbone, unit):
    """Send one picture or clip through the library's network, head and normalisation included."""
    with torch.inference_mode():
        if backbone.name == "clip_image":
            pixels = CLIPImageProcessor()(images=unit, return_tensors="pt")
            return network.trunk.model(**pixels).image_embeds.numpy()
        if backbone.origin is Origin.FILE:
            mean = torch.tensor([114.7748, 107.7354, 99.4750]).view(3, 1, 1, 1)
            x = torch.from_numpy(unit).permute(3, 0, 1, 2).float() - mean
            return network.trunk(x[None]).numpy()
        if backbone.origin is Origin.PACKAGE:  # its network: test_efficientnet_lite.py
            x = (torch.from_numpy(unit).permute(2, 0, 1).float() - 127) / 128
            return network.trunk(x[None]).numpy()
        preset = torchvision.models.get_weight(backbone.weights).transforms()
        x = torch.from_numpy(unit).movedim(-1, -3).float() / 255
        x = functional.normalize(x, preset.mean, preset.std)
        x = x.transpose(0, 1) if backbone.modality is Modality.VIDEO else x
        return library_network(network, backbone)(x[None]).numpy()


def library_network(network, backbone):
    """Build torchvision's network around our trunk's parameters, with a head drawn at random."""
    with torch.device("meta"):
        full = torchvision.models.get_model(
            backbone.name.replace("shufflenet", "shufflenet_v2_x1_0")
        )
    name = HEADS.get(backbone.name, "fc")
    full.set_submodule(name, library_head(network, backbone))
    head = {f"{name}.{k}": v for k, v in full.get_submodule(name).state_dict().items()}
    full.load_state_dict(network.trunk.state_dict() | head, strict=True, assign=True)
    return full.eval()


def library_head(network, backbone):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return nn.Linear(backbone.width, 50).requires_grad_(False)


def test_normalisation_and_width_are_those_of_torchvisions_records():
    for row in SEEN:
        if row.origin is Origin.TORCHVISION:
            preset = torchvision.models.get_weight(row.weights).transforms()
            assert row.mean == pytest.approx(tuple(preset.mean))
            assert row.std == pytest.approx(tuple(preset.std))
            assert row.input_px == preset.crop_size[0]
