import pytest
from present import present

from benchmarks.posters import measure

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("_findable_benchmarks")]


def test_without_uv_our_side_is_measured_and_the_peers_absence_explained(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    rate, cpu, decoding = measure(images=12, concurrency=4, latency_s=0.0, runs=1)
    assert present(rate.ours) > 1
    assert present(cpu.ours) > 0
    assert (rate.peer_value, rate.is_ok, cpu.is_ok) == (None, None, None)
    assert "uv is not on the path" in rate.why
    assert present(decoding.ours) > present(decoding.peer_value) > 0
    assert decoding.target == 1.9
