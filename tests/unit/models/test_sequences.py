import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from pipeline.models.networks.sequences import READERS, Recurrent

LENGTHS = torch.tensor([3, 1, 5, 2])
MASK = torch.arange(5) < LENGTHS[:, None]


def vectors() -> torch.Tensor:
    return torch.randn(int(LENGTHS.sum()), 7, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("cell", [nn.LSTM, nn.GRU])
def test_state_and_gradients_are_those_of_packed_sequences(cell):
    torch.manual_seed(0)
    network = Recurrent(7, cell)
    padded = torch.zeros(4, 5, 128)
    padded[MASK] = torch.relu(network.project(vectors()))
    packed = pack_padded_sequence(padded, LENGTHS, batch_first=True, enforce_sorted=False)
    state = network.reader(packed)[1]
    wanted = (state[0] if isinstance(state, tuple) else state)[0]
    ours = network(vectors(), MASK)
    torch.testing.assert_close(ours, wanted)
    weights = list(network.parameters())
    for one, other in zip(
        torch.autograd.grad(ours.square().sum(), weights),
        torch.autograd.grad(wanted.square().sum(), weights),
        strict=True,
    ):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_attention_begins_as_the_mean():
    means = torch.stack([part.mean(dim=0) for part in vectors().split(LENGTHS.tolist())])
    for reader in ("mean", "attention"):
        torch.testing.assert_close(READERS[reader](7)(vectors(), MASK), means)


def test_attention_weighs_the_vectors_of_a_movie_by_their_content():
    torch.manual_seed(0)
    pooling = READERS["attention"](7)
    nn.init.normal_(pooling.weigh[2].weight)
    for place, own in enumerate(vectors().split(LENGTHS.tolist())):
        shares = pooling.weigh(own).softmax(dim=0)
        pooled = pooling(vectors(), MASK)[place]
        torch.testing.assert_close(pooled, (shares * own).sum(dim=0))
