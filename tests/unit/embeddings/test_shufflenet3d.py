import pytest
import torch
import torchvision
from torch import nn

from pipeline.core.errors import WeightsError
from pipeline.embeddings.backbones import BACKBONES
from pipeline.embeddings.pixel_networks import build_pixel_network
from pipeline.embeddings.shufflenet3d import (
    N_PARAMETERS,
    ShuffleNet3d,
    translate_published_names,
)


@pytest.fixture
def network():
    torch.manual_seed(0)
    return ShuffleNet3d().eval().requires_grad_(False)


def grow_by_time(flat, name):
    """Return a kernel of pictures a time axis: only its middle moment sees anything."""
    if flat.ndim != 4:
        return flat
    if flat.shape[-1] == 1:
        return flat[:, :, None]
    grown = torch.zeros(*flat.shape[:2], 3, 3, 3)
    grown[:, :, 1] = flat
    return grown


def our_names(flat_state):
    """Map torchvision's names of the picture network to those of the clip network."""
    n_units = 0
    names = {}
    for name in flat_state:
        part, _, rest = name.partition(".")
        if part.startswith("stage"):
            unit, branch, rest = rest.split(".", 2)
            n_units = {"stage2": 0, "stage3": 4, "stage4": 12}[part] + int(unit)
            ours = {"branch1": "shortcut", "branch2": "branch"}[branch]
            names[name] = f"units.{n_units}.{ours}.{rest}"
        else:
            names[name] = {"conv1": "first", "conv5": "last", "fc": "fc"}[part] + f".{rest}"
    return names


def test_number_of_parameters_is_the_one_stated(network):
    network.fc = nn.Identity()
    assert sum(p.numel() for p in network.parameters()) == N_PARAMETERS


def test_a_clip_of_one_picture_is_classified_as_torchvisions_network_classifies_the_picture(
    network,
):
    torch.manual_seed(1)
    flat = torchvision.models.shufflenet_v2_x1_0(num_classes=600).eval().requires_grad_(False)
    for module in flat.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.1, 0.1)
            nn.init.uniform_(module.weight, 0.5, 1.5)
    flat_state = flat.state_dict()
    names = our_names(flat_state)
    grown = {names[k]: grow_by_time(v, k) for k, v in flat_state.items()}
    network.load_state_dict(grown, strict=True)
    pictures = torch.rand(2, 3, 64, 64)
    clips = pictures[:, :, None].expand(-1, -1, 8, -1, -1)
    assert torch.allclose(network(clips), flat(pictures), rtol=1e-4, atol=1e-6)


def test_time_is_halved_four_times(network):
    network.fc = nn.Identity()
    shapes = []
    network.last.register_forward_hook(lambda _, __, out: shapes.append(tuple(out.shape)))
    assert network(torch.rand(1, 3, 24, 112, 112)).shape == (1, 1024)
    assert shapes == [(1, 1024, 2, 4, 4)]


def published(state):
    """Rename our parameters as the authors' file has them."""
    renamed = {}
    for name, tensor in state.items():
        part, _, rest = name.partition(".")
        if part == "units":
            unit, branch, rest = rest.split(".", 2)
            branch = {"shortcut": "banch1", "branch": "banch2"}[branch]
            renamed[f"module.features.{unit}.{branch}.{rest}"] = tensor
        else:
            theirs = {"first": "conv1", "last": "conv_last", "fc": "classifier.1"}[part]
            renamed[f"module.{theirs}.{rest}"] = tensor
    return renamed


def test_parameters_under_the_authors_names_are_taken(network):
    state = network.state_dict()
    assert translate_published_names(published(state)).keys() == state.keys()
    assert translate_published_names(state).keys() == state.keys()
    backbone = BACKBONES["shufflenet3d"]
    one, same = (build_pixel_network(backbone, s) for s in (state, published(state)))
    clip = torch.zeros(1, 24, 112, 112, 3, dtype=torch.uint8)
    assert torch.equal(one(clip), same(clip))


def test_parameters_of_another_width_are_refused(network):
    state = network.state_dict()
    state["first.0.weight"] = state["first.0.weight"][:12]
    with pytest.raises(WeightsError, match="shufflenet3d"):
        build_pixel_network(BACKBONES["shufflenet3d"], state)
