import pytest
from present import present

from benchmarks.heads import heads, measure

pytestmark = pytest.mark.slow


def test_every_variant_that_reads_embeddings_is_measured():
    named = {(system.name, variant) for system, variant in heads()}
    assert {("revenue", "all streams"), ("revenue", "lstm over frames")} <= named
    assert ("revenue", "ensemble") not in named


def test_epoch_loading_and_memory_of_a_head_are_measured():
    rows = measure(60, ["lstm over frames"])
    assert [row.name.split(" of ")[0] for row in rows] == ["epoch", "CPU time", "loading", "memory"]
    epoch, cpu, loading, memory = rows
    assert present(epoch.ours) > 0
    assert epoch.peer_value == pytest.approx(0.1)
    assert present(cpu.ours) > 0
    assert 0 <= present(loading.ours) < 1
    assert 50 < present(memory.ours) < 4096
    assert memory.is_ok
