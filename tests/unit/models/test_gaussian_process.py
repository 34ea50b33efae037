"""The kernel's algebra beside the slow way: automatic differentiation and dense rows of owners."""

import numpy as np
import pytest
import torch

from pipeline.models.estimators.gaussian_process import (
    _FIRST,
    _kernel,
    _owner_weights,
    _parts,
    _slope,
)

N = 40
RNG = np.random.default_rng(3)
OWNERS = torch.from_numpy(RNG.integers(0, 9, (N, 5)).astype(np.float32))
VIEWS = {
    **{
        name: torch.from_numpy(RNG.normal(size=(N, 4)).astype(np.float32))
        for name in ("numbers", "talent", "text")
    },
    "owners": OWNERS,
}
VALUES = torch.from_numpy(RNG.normal(size=N))


def test_owners_weigh_alike_and_a_film_has_length_one():
    """Places 0 and 1 are nobody and somebody unknown; one who is named twice counts once."""
    rows = _owner_weights(torch.tensor([[2.0, 5, 5, 0], [1, 0, 0, 0]]), 6).toarray()
    assert rows[0] == pytest.approx([0, 0, 0.5**0.5, 0, 0, 0.5**0.5, 0])
    assert not rows[1].any()


def test_kernel_of_owners_is_that_of_dense_rows():
    dense = np.zeros((N, 9))
    np.put_along_axis(dense, OWNERS.numpy().astype(int), 1.0, axis=1)
    dense[:, :2] = 0
    dense /= np.maximum(np.linalg.norm(dense, axis=1, keepdims=True), 1e-12)
    _, linear = _parts(VIEWS, VIEWS)
    np.testing.assert_allclose(linear[-1].numpy(), dense @ dense.T, atol=1e-12)


def test_slope_is_that_of_the_marginal_likelihood():
    far, linear = _parts(VIEWS, VIEWS)
    logs = torch.tensor([*_FIRST.values()], dtype=torch.float64).log().requires_grad_()
    weights = logs.exp()
    smooth = torch.exp(-0.5 * (weights[0] * far[0] + weights[1] * far[1]))
    gram = weights[6] * smooth + weights[7] * torch.eye(N, dtype=torch.float64)
    for weight, one in zip(weights[2:6], linear, strict=True):
        gram = gram + weight * one
    (0.5 * VALUES @ torch.linalg.solve(gram, VALUES) + 0.5 * torch.logdet(gram)).backward()
    flat = (torch.stack(parts).flatten(1) for parts in (far, linear))
    slope = _slope(weights.detach(), *flat, VALUES)
    assert logs.grad is not None
    np.testing.assert_allclose(slope.numpy(), logs.grad.numpy(), rtol=1e-9, atol=1e-9)
    without_noise = gram.detach() - weights[7].detach() * torch.eye(N, dtype=torch.float64)
    torch.testing.assert_close(_kernel(weights.detach(), VIEWS, VIEWS), without_noise)
