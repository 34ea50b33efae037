"""Networks with their batch norms folded give what they gave before."""

import operator
from dataclasses import replace
from typing import cast

import numpy as np
import pytest
import torch
from present import present
from processors import needs_bf16
from torch import fx, nn
from torch.nn.modules.batchnorm import _BatchNorm

from pipeline.embeddings.backbones import BACKBONES, Modality
from pipeline.embeddings.onednn_fusion import FusedConvolution
from pipeline.embeddings.pixel_networks import build_pixel_network
from pipeline.embeddings.runner import fused_copy

CPU = "cpu"
NORMED = ["shufflenet", "resnet18", "resnet50", "shufflenet3d", "r2plus1d_18", "efficientnet_lite0"]


def build(name):
    row = replace(BACKBONES[name], input_px=64)
    is_image = row.modality is Modality.IMAGE
    network = build_pixel_network(row, None)
    drawn = torch.Generator().manual_seed(1)
    for module in network.modules():
        if isinstance(module, _BatchNorm):  # as after training
            present(module.running_mean).normal_(0, 0.1, generator=drawn)
            present(module.running_var).uniform_(0.5, 2, generator=drawn)
            module.bias.data.normal_(0, 0.1, generator=drawn)
    return network, (2, 64, 64, 3) if is_image else (2, 4, 64, 64, 3)


@pytest.mark.parametrize("name", NORMED)
def test_folded_network_embeds_as_before(name):
    network, shape = build(name)
    units = torch.from_numpy(np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8))
    with torch.inference_mode():
        before = network(units)
        fused = fused_copy(network, CPU)
        after = fused(units)
        assert torch.equal(network(units), before)
    assert nn.functional.cosine_similarity(before, after).min() >= 0.99999
    assert torch.allclose(before, after, rtol=1e-3, atol=1e-4 * before.abs().max())
    assert not any(isinstance(m, _BatchNorm) for m in fused.modules())
    assert any(isinstance(m, _BatchNorm) for m in network.modules())
    assert not any(p.requires_grad for p in fused.parameters())


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "efficientnet_lite0"])
@pytest.mark.parametrize("use_bf16", [False, pytest.param(True, marks=needs_bf16)])
def test_convolutions_sum_and_clamp_their_own_output(name, use_bf16):
    """oneDNN's operators, which torch offers to its compiler: a new torch may change them."""
    fused = fused_copy(build(name)[0], CPU, use_bf16=use_bf16)
    trunk = cast("fx.GraphModule", fused.trunk)
    called = {str(node.target) for node in trunk.graph.nodes if node.op == "call_module"}
    kinds = {type(trunk.get_submodule(name)) for name in called}
    assert kinds <= {FusedConvolution, nn.MaxPool2d, nn.AdaptiveAvgPool2d}
    assert not {node.target for node in trunk.graph.nodes} & {operator.add, operator.iadd}


@pytest.mark.parametrize("name", ["resnet50", "efficientnet_lite0"])
def test_batches_of_every_size_are_embedded_alike(name):
    """The weights are put in another order for each."""
    network, (_, *shape) = build(name)
    units = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (5, *shape), np.uint8))
    fused = fused_copy(network, CPU)
    convolutions = [m for m in fused.modules() if isinstance(m, FusedConvolution)]
    with torch.inference_mode():
        expected = network(units)
        for batch in (units[:4], units[:1], units, units[:4]):
            found, wanted = fused(batch), expected[: len(batch)]
            assert {present(one.shape)[0] for one in convolutions} == {len(batch)}
            assert torch.allclose(found, wanted, rtol=1e-3, atol=1e-4 * expected.abs().max())


def test_network_is_made_ready_once(shufflenet):
    assert fused_copy(shufflenet, CPU) is fused_copy(shufflenet, CPU)


def test_network_without_batch_norms_is_not_copied():
    network = nn.Linear(2, 2)
    assert fused_copy(network, CPU) is network


def test_copies_go_with_their_network():
    from pipeline.embeddings import runner

    network, _ = build("shufflenet")
    fused_copy(network, CPU)
    before = len(runner._copies)
    del network
    assert len(runner._copies) == before - 1
