import pytest
import torch
import torchvision
from torch import nn
from torchvision.models.resnet import BasicBlock

from pipeline.core.errors import TrainingError
from pipeline.models.networks.pixel_trunks import (
    DEEP_AND_WIDE,
    NO_WEIGHTS,
    Normalise,
    Pretrained,
    Trunk,
    build_trunk,
    fill_trunk,
    find_weights,
    label_weights,
    to_planes,
    widen_first_convolution,
)

NAMES = {"resnet18": 512, "resnet50": 2048, "wide_resnet50_2": 2048, "vgg16": 4096, "vgg19": 4096}


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def peer(name: str) -> nn.Module:
    """torchvision's network, without its last layer and without memory for its weights."""
    with torch.device("meta"):
        network = getattr(torchvision.models, name)()
        head = "classifier.6" if name.startswith("vgg") else "fc"
        network.set_submodule(head, nn.Identity())
    return network


def build_on_meta(trunk: Trunk) -> nn.Module:
    with torch.device("meta"):
        return build_trunk(trunk)


@pytest.mark.parametrize("name", NAMES)
def test_parameters_are_named_and_shaped_as_torchvision_has_them(name):
    ours = build_on_meta(Trunk(name))
    shapes = {key: value.shape for key, value in ours.state_dict().items()}
    assert shapes == {key: value.shape for key, value in peer(name).state_dict().items()}
    assert ours.width_out == NAMES[name]


def test_resnet18_has_11_million_parameters_without_its_head():
    assert count(build_on_meta(Trunk("resnet18"))) == 11_689_512 - (512 * 1000 + 1000)


def test_same_weights_give_torchvisions_answer():
    theirs = torchvision.models.resnet18()
    theirs.fc = nn.Identity()
    ours = build_trunk(Trunk("resnet18"))
    weights = find_weights(Trunk("resnet18"), lambda name: Pretrained(theirs.state_dict(), name))
    new = fill_trunk(ours, weights)
    pictures = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(ours.eval()(pictures), theirs.eval()(pictures))
    assert new == ()
    assert label_weights(weights) == "resnet18"


def test_bag_of_tricks_has_three_small_convolutions_and_shortcuts_that_average():
    network = build_trunk(Trunk("resnet18", width=16, has_tricks=True))
    stem = [module for module in network.conv1.children() if isinstance(module, nn.Conv2d)]
    assert [(c.in_channels, c.out_channels, c.kernel_size[0], c.stride[0]) for c in stem] == [
        (3, 8, 3, 2), (8, 8, 3, 1), (8, 16, 3, 1),
    ]  # fmt: skip
    for layer in (network.layer2, network.layer3, network.layer4):
        pool, convolution = layer[0].downsample.pool, layer[0].downsample[1]
        assert isinstance(pool, nn.AvgPool2d)
        assert pool.stride == 2
        assert (convolution.kernel_size, convolution.stride) == ((1, 1), (1, 1))
    assert network(torch.zeros(2, 3, 64, 64)).shape == (2, 128)


def test_full_bag_of_tricks_adds_the_parameters_of_its_stem_alone():
    plain, tricked = (build_on_meta(Trunk(has_tricks=tricks)) for tricks in (False, True))
    stem = 27 * 32 + 2 * 32 + 9 * 32 * 32 + 2 * 32 + 9 * 32 * 64
    assert count(tricked) - count(plain) == stem - 3 * 49 * 64


def test_pretrained_weights_reach_all_but_the_stem_of_a_bag_of_tricks():
    theirs = torchvision.models.resnet18()
    trunk = Trunk("resnet18", has_tricks=True, activation="mish")
    ours = build_trunk(trunk)
    new = fill_trunk(ours, {"": Pretrained(theirs.state_dict(), "ImageNet")})
    assert new == ("conv1.0", "conv1.1", "conv1.3", "conv1.4", "conv1.6")
    assert torch.equal(ours.layer2[0].downsample[1].weight, theirs.layer2[0].downsample[0].weight)


def test_mish_is_used_everywhere():
    network = build_trunk(Trunk("resnet18", width=8, has_tricks=True, activation="mish"))
    kinds = [type(module) for module in network.modules()]
    assert nn.ReLU not in kinds
    blocks = kinds.count(BasicBlock)
    assert blocks == 8
    assert kinds.count(nn.Mish) == blocks + 3  # a block uses its own twice


def test_mish_lets_small_negative_values_through():
    network = build_trunk(Trunk("resnet18", width=8, activation="mish")).eval()
    with torch.no_grad():
        assert (network.features(torch.randn(1, 3, 64, 64)) < 0).any()


def test_deep_and_wide_joins_both_maps_by_a_convolution():
    network = build_on_meta(Trunk(DEEP_AND_WIDE))
    assert network.join[0].weight.shape == (512, 512 + 2048, 3, 3)
    assert network.before_deep[0].weight.shape == network.before_wide[0].weight.shape
    assert network.width_out == 512
    small = build_trunk(Trunk(DEEP_AND_WIDE, width=8)).eval()
    assert small(torch.zeros(1, 3, 64, 64)).shape == (1, 64)


def test_narrow_network_takes_no_weights():
    trunk = Trunk("resnet18", width=16)

    def load(name):
        raise AssertionError("no weights fit a narrow network")

    assert find_weights(trunk, load) == {}
    assert label_weights(find_weights(Trunk(), None)) == NO_WEIGHTS == "no pretrained weights"


def test_weights_of_another_network_are_refused():
    with pytest.raises(TrainingError, match="of another network"):
        fill_trunk(build_trunk(Trunk(width=8)), {"": Pretrained({"a": torch.ones(1)}, "b")})


def test_deep_and_wide_takes_the_weights_that_are_to_be_had():
    theirs = torchvision.models.resnet18().state_dict()
    trunk = Trunk(DEEP_AND_WIDE)
    weights = find_weights(
        trunk, lambda name: Pretrained(theirs, "ImageNet") if name == "resnet18" else None
    )
    assert label_weights(weights) == "deep: ImageNet"


def test_stacked_frames_get_the_pretrained_convolution_shared_out():
    theirs = torchvision.models.resnet18()
    network = build_trunk(Trunk())
    widen_first_convolution(network, 5)
    assert fill_trunk(network, {"": Pretrained(theirs.state_dict(), "ImageNet")}) == ()
    assert torch.equal(network.conv1.weight[:, 12:], theirs.conv1.weight / 5)


@pytest.mark.parametrize("trunk", [Trunk("vgg16", activation="mish"), Trunk("alexnet")])
def test_unknown_network_is_refused(trunk):
    with pytest.raises(TrainingError, match="expected one of resnet18"):
        build_trunk(trunk)


@pytest.mark.parametrize("n_frames", [5, 15])
@pytest.mark.parametrize(
    "trunk",
    [
        Trunk("resnet18", width=16),
        Trunk("resnet18", width=16, has_tricks=True),
        Trunk("resnet50", width=8),
        Trunk("vgg16", width=8),
        Trunk("vgg19", width=8),
    ],
)
def test_equal_frames_give_the_answer_of_the_single_frame(trunk, n_frames):
    network = build_trunk(trunk).eval().double()  # rounding alone would grow to 1e-4
    frame = torch.randn(2, 3, 64, 64, dtype=torch.double)
    with torch.no_grad():
        single = network(frame)
        widen_first_convolution(network, n_frames)
        stacked = network(frame.repeat(1, n_frames, 1, 1))
    torch.testing.assert_close(stacked, single, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("n_frames", "channels"), [(15, 45), (5, 15)])
def test_first_convolution_of_frames_is_the_pretrained_one_shared_out(n_frames, channels):
    network = build_trunk(Trunk("resnet18"))
    before = network.conv1.weight.detach().clone()
    widen_first_convolution(network, n_frames)
    assert network.conv1.weight.shape == (64, channels, 7, 7)
    assert network.conv1.bias is None
    third = network.conv1.weight[:, 6:9] * n_frames
    torch.testing.assert_close(third, before)


def test_pixels_are_normalised_as_imagenets():
    grey = torch.full((1, 4, 4, 3), 128, dtype=torch.uint8)
    wanted = torchvision.transforms.functional.normalize(
        torch.full((1, 3, 4, 4), 128 / 255), [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    )
    torch.testing.assert_close(Normalise("resnet18")(to_planes(grey)), wanted)
