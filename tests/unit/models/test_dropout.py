import pytest
import torch

from pipeline.models.networks.divita import ByteDropout


def test_a_quarter_is_dropped_and_the_mean_stays():
    torch.manual_seed(0)
    values = torch.ones(1000, 101, requires_grad=True)
    kept = ByteDropout(0.25)(values)
    assert kept.unique().tolist() == pytest.approx([0.0, 4 / 3])
    assert kept.mean().item() == pytest.approx(1.0, abs=0.01)
    assert (kept == 0).float().mean(dim=0).std() < 0.02  # no column is favoured
    kept.sum().backward()
    torch.testing.assert_close(values.grad, kept.detach())


def test_the_same_seed_drops_the_same_values():
    layer, values = ByteDropout(0.3), torch.ones(33, 7)
    torch.manual_seed(5)
    first = layer(values)
    torch.manual_seed(5)
    assert torch.equal(layer(values), first)
    assert first.max().item() == pytest.approx(256 / 179)  # 0.3 is rounded to 77 / 256


@pytest.mark.parametrize(("share", "left"), [(0.0, 1.0), (1.0, 0.0)])
def test_nothing_or_everything_can_be_dropped(share, left):
    assert ByteDropout(share)(torch.ones(4)).tolist() == [left] * 4


def test_nothing_is_dropped_when_answering():
    assert ByteDropout(0.5).eval()(torch.ones(4)).tolist() == [1.0] * 4
