"""EfficientNet-Lite0 against a second implementation, and on real pictures by its real weights."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
import timm
import torch
from PIL import Image, ImageOps
from present import present
from sklearn.datasets import load_sample_image
from torchvision.models import ResNet50_Weights

from pipeline.core.efficientnet_lite import (
    EfficientNetLite0,
    EfficientNetLite0Stages,
    read_published,
)
from pipeline.core.imagenet import IMAGENET_MEAN, IMAGENET_STD
from pipeline.embeddings.backbones import BACKBONES
from resources.compute.weight_files import packaged_path, read_state

LITE = BACKBONES["efficientnet_lite0"]
CLASSES = ResNet50_Weights.IMAGENET1K_V1.meta["categories"]


@pytest.fixture(scope="module")
def published():
    return read_state(present(packaged_path("efficientnet_lite0")))


@pytest.fixture(scope="module")
def network(published):
    network = EfficientNetLite0()
    network.load_state_dict(read_published(published))
    return network.eval().requires_grad_(False)


@pytest.mark.parametrize("size", [(224, 224), (64, 64), (65, 97), (130, 222), (225, 225)])
def test_logits_are_those_of_a_second_implementation(network, published, size):
    """timm pads as TensorFlow does at every convolution; its parameters stand in the same order."""
    other = timm.create_model("tf_efficientnet_lite0").eval().requires_grad_(False)
    names = list(other.state_dict())
    other.load_state_dict(dict(zip(names, published.values(), strict=True)))
    pictures = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(network(pictures), other(pictures), atol=1e-4, rtol=0)


def test_stages_are_those_of_a_second_implementation(published):
    ours = EfficientNetLite0Stages()
    ours.load_state_dict(read_published(published))
    other = timm.create_model("tf_efficientnet_lite0").eval().requires_grad_(False)
    names = list(other.state_dict())
    other.load_state_dict(dict(zip(names, published.values(), strict=True)))
    seen = list[torch.Tensor]()
    for stage in other.get_submodule("blocks").children():
        stage.register_forward_hook(lambda _, __, out: seen.append(out.mean(dim=(2, 3))))
    posters = torch.randn(2, 3, 96, 64, generator=torch.Generator().manual_seed(0))
    last = other.forward_head(other.forward_features(posters), pre_logits=True)
    found = ours.eval().requires_grad_(False)(posters)
    assert found.shape == (2, EfficientNetLite0Stages.width_out)
    torch.testing.assert_close(found, torch.cat([last, *seen[-5:]], dim=1), atol=1e-4, rtol=0)


def test_published_parameters_are_all_used(network, published):
    assert set(read_published(published)) == set(network.state_dict())


def hopper() -> np.ndarray:
    file = Path(mpl.get_data_path()) / "sample_data" / "grace_hopper.jpg"
    return np.asarray(Image.open(file).convert("RGB"))


PICTURES = {
    "palace": lambda: load_sample_image("china.jpg"),
    "daisy": lambda: load_sample_image("flower.jpg"),
    "military uniform": hopper,
}
"""Pictures that scikit-learn and matplotlib ship, by the class that each shows."""


def most_probable(network, picture: np.ndarray, mean, std) -> tuple[str, float]:
    side = (LITE.input_px, LITE.input_px)
    square = ImageOps.fit(Image.fromarray(picture), side, Image.Resampling.BICUBIC)
    x = torch.tensor(np.array(square)).permute(2, 0, 1)[None] / 255
    x = (x - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(std).view(3, 1, 1)
    probability, place = network(x).softmax(dim=1)[0].max(dim=0)
    return CLASSES[int(place)], float(probability)


@pytest.mark.parametrize("name", PICTURES)
def test_real_pictures_are_recognised(network, name):
    found, _ = most_probable(network, PICTURES[name](), LITE.mean, LITE.std)
    assert found == name


def test_its_own_normalisation_recognises_more_than_the_usual_one(network):
    right = {}
    for name, how in {"own": (LITE.mean, LITE.std), "usual": (IMAGENET_MEAN, IMAGENET_STD)}.items():
        seen = {
            wanted: most_probable(network, load(), *how)[0] for wanted, load in PICTURES.items()
        }
        right[name] = sum(wanted == found for wanted, found in seen.items())
    assert right["own"] == len(PICTURES) > right["usual"]
