"""Convolutions that apply what follows them while their output is still in cache.

ReLU, ReLU6 and the sum of a residual block each read and write all of a layer's output again: they
took half of the time of ResNet50 and of EfficientNet-Lite0 on one core. oneDNN applies them inside
the convolution. torch offers it to its compiler, which wants a C++ compiler on the machine; the
operators themselves (`torch.ops.mkldnn`) do not.
"""

import operator
from typing import Any, cast

import torch
from torch import Tensor, fx, nn

_CLAMPS: dict[type[nn.Module], tuple[str, list[float]]] = {
    nn.ReLU: ("relu", []),
    nn.ReLU6: ("hardtanh", [0.0, 6.0]),
}
"""oneDNN's name and limits of what may follow a convolution."""

_SUMS = (operator.add, operator.iadd, torch.add)


class FusedConvolution(nn.Module):
    """A convolution, the sum with a second input where there is one, and what clamps its output.

    Its weights are in the order that oneDNN wants for the latest input's shape. In another order
    they are put in it again at every call, which takes longer than the convolution of one picture.

    Args:
        convolution: Its parameters, which are copied in oneDNN's own order.
        dtype: What it computes in; inputs are converted, outputs are of it.
    """

    weight: Tensor
    bias: Tensor | None

    def __init__(self, convolution: nn.Conv2d, dtype: torch.dtype):
        super().__init__()
        self.dtype, self.clamp, self.limits = dtype, "none", list[float]()
        self.where: list[list[int] | int] = [
            list(cast("tuple[int, ...]", convolution.padding)),
            list(convolution.stride),
            list(convolution.dilation),
            convolution.groups,
        ]
        self.register_buffer("weight", convolution.weight.detach().to(dtype), persistent=False)
        self.shape: torch.Size | None = None
        bias = convolution.bias
        self.register_buffer("bias", None if bias is None else bias.detach().to(dtype), False)

    def forward(self, x: Tensor, added: Tensor | None = None) -> Tensor:
        """Compute clamp(convolution(x) + added); (batch, channels, height, width)."""
        x, fused = x.to(self.dtype), torch.ops.mkldnn._convolution_pointwise
        if x.shape != self.shape:
            plain = self.weight.to_dense() if self.weight.is_mkldnn else self.weight
            reorder = torch.ops.mkldnn._reorder_convolution_weight
            self.weight, self.shape = reorder(plain, *self.where, list(x.shape)), x.shape
        if added is None:
            return fused(x, self.weight, self.bias, *self.where, self.clamp, self.limits, "")
        clamp = None if self.clamp == "none" else self.clamp
        return fused.binary(
            x, added.to(self.dtype), self.weight, self.bias, *self.where,
            "add", 1.0, clamp, self.limits, "",
        )  # fmt: skip


def fuse_convolutions(trunk: fx.GraphModule, dtype: torch.dtype) -> fx.GraphModule:
    """Put what follows each convolution into it; the batch norms were put there before.

    Args:
        trunk: A traced network for inference on a CPU; it is changed.
        dtype: What convolutions compute in.

    Returns:
        The same network.
    """
    modules: dict[str, nn.Module] = {}
    modules.update(trunk.named_modules())
    _drop_identities(trunk.graph, modules)
    for node in list(trunk.graph.nodes):
        module = modules.get(str(node.target)) if node.op == "call_module" else None
        if isinstance(module, nn.Conv2d) and module.padding_mode == "zeros":
            fused = FusedConvolution(module, dtype)
            trunk.set_submodule(str(node.target), fused)
            _absorb(trunk.graph, node, fused, modules)
    trunk.graph.lint()
    trunk.recompile()
    return trunk


def _drop_identities(graph: fx.Graph, modules: dict[str, nn.Module]) -> None:
    for node in list(graph.nodes):
        if node.op == "call_module" and type(modules[str(node.target)]) is nn.Identity:
            node.replace_all_uses_with(node.args[0])
            graph.erase_node(node)


def _absorb(
    graph: fx.Graph, node: fx.Node, fused: FusedConvolution, modules: dict[str, nn.Module]
) -> None:
    """Let a convolution do what its only readers do after it: a sum, then a clamp."""
    follower = _only_reader(node)
    if follower is not None and follower.op == "call_function" and follower.target in _SUMS:
        first, second = cast("tuple[Any, Any]", follower.args[:2])
        other = second if first is node else first
        if isinstance(other, fx.Node) and other is not node and not follower.kwargs:
            node = _replace(graph, follower, node, (*node.args, other))
            follower = _only_reader(node)
    clamp = modules.get(str(follower.target)) if follower and follower.op == "call_module" else None
    if follower is not None and clamp is not None and type(clamp) in _CLAMPS:
        fused.clamp, fused.limits = _CLAMPS[type(clamp)]
        _replace(graph, follower, node, node.args)


def _only_reader(node: fx.Node) -> fx.Node | None:
    readers = list(node.users)
    return readers[0] if len(readers) == 1 else None


def _replace(graph: fx.Graph, follower: fx.Node, node: fx.Node, args: tuple[Any, ...]) -> fx.Node:
    """Call the convolution where its reader stood, and drop both."""
    with graph.inserting_before(follower):
        moved = graph.call_module(str(node.target), args)
    follower.replace_all_uses_with(moved)
    graph.erase_node(follower)
    graph.erase_node(node)
    return moved
