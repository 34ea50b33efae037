"""The kernel's algebra beside the slow way: automatic differentiation and dense rows of owners."""

import numpy as np
import pytest
import torch
from priced_movies import INPUTS, LOG10, TRAIN

from pipeline.models.estimators.gaussian_process import (
    GROUPS,
    KernelModel,
    _first_weights,
    _kernel,
    _likelihood,
    _owner_weights,
    _parts,
    group_numbers,
)
from pipeline.models.training.movie_reader import fit_reader, name_numbers

N = 40
RNG = np.random.default_rng(3)
PLACES = np.array([0, 0, 1, 2, 1, 2, 2])
VIEW = {
    "numbers": torch.from_numpy(RNG.normal(size=(N, len(PLACES))).astype(np.float32)),
    "text": torch.from_numpy(RNG.normal(size=(N, 4)).astype(np.float32)),
    "owners": torch.from_numpy(RNG.integers(0, 9, (N, 5)).astype(np.float32)),
}
VALUES = torch.from_numpy(RNG.normal(size=N))


def slow_kernel(weights):
    """The kernel by its definition, group by group."""
    numbers, mixed, far = VIEW["numbers"].double().numpy(), 0.0, 0.0
    for k in range(3):
        part = torch.from_numpy(numbers[:, k == PLACES])
        width = part.shape[1]
        far = far + weights[k] * torch.cdist(part, part) ** 2 / width
        mixed = mixed + weights[3 + k] * part @ part.T / width
    text = VIEW["text"].double()
    dense = np.zeros((N, 9))
    np.put_along_axis(dense, VIEW["owners"].numpy().astype(int), 1.0, axis=1)
    dense[:, :2] = 0
    dense /= np.maximum(np.linalg.norm(dense, axis=1, keepdims=True), 1e-12)
    owners = torch.from_numpy(dense @ dense.T)
    smooth = weights[-2] * torch.exp(-0.5 * far)
    return mixed + weights[6] * text @ text.T + weights[7] * owners + smooth


def test_kernel_is_that_of_its_definition():
    weights = _first_weights(3) * torch.arange(1, 11)
    torch.testing.assert_close(_kernel(weights, PLACES, VIEW, VIEW), slow_kernel(weights))


def test_slope_is_that_of_the_marginal_likelihood():
    logs = (_first_weights(3) * torch.arange(1, 11)).log().requires_grad_()
    weights = logs.exp()
    gram = slow_kernel(weights) + weights[-1] * torch.eye(N, dtype=torch.float64)
    loss = 0.5 * VALUES @ torch.linalg.solve(gram, VALUES) + 0.5 * torch.logdet(gram)
    loss.backward()
    found, slope = _likelihood(weights.detach(), *_parts(VIEW, PLACES), VALUES)
    assert found == pytest.approx(loss.item())
    assert logs.grad is not None
    np.testing.assert_allclose(slope.numpy(), logs.grad.numpy(), rtol=1e-8, atol=1e-8)


def test_owners_weigh_alike_and_a_film_has_length_one():
    """Places 0 and 1 are nobody and somebody unknown; one who is named twice counts once."""
    rows = _owner_weights(torch.tensor([[2.0, 5, 5, 0], [1, 0, 0, 0]]), 6).toarray()
    assert rows[0] == pytest.approx([0, 0, 0.5**0.5, 0, 0, 0.5**0.5, 0])
    assert not rows[1].any()


def test_every_column_has_a_group_and_the_planted_effect_is_found_in_its_own():
    """Budget and director earn; other roles, without anybody, are what budget lets expect."""
    names = name_numbers(INPUTS)
    groups = group_numbers(names)
    assert len(groups) == len(names)
    reader = fit_reader(INPUTS, LOG10, TRAIN)
    model = KernelModel.fit(reader, INPUTS, TRAIN, LOG10[TRAIN], seed=1)
    n_groups = max(groups) + 1
    weights = model.log_weights.exp().numpy()
    strength = weights[:n_groups] * weights[-2] + weights[n_groups : 2 * n_groups]
    kinds = [
        next(g for g, starts in GROUPS.items() if names[groups.index(k)].startswith(starts))
        for k in range(n_groups)
    ]
    by_name = dict(zip(kinds, strength, strict=True))
    assert by_name["director"] > by_name["calendar"]
    assert by_name["money"] > by_name["calendar"]
