"""A variant whose modalities no training movie has is not trained, and says why."""

from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.core.ragged import pack_ragged
from pipeline.models.systems.box_office import BOX_OFFICE, GROUNDED, MASKED
from pipeline.models.systems.genre import EARLY_FUSION, GENRE, LATE_FUSION
from pipeline.models.systems.poster import EMBEDDING, POSTER
from pipeline.models.systems.revenue import CUT_BLEND, REVENUE
from pipeline.models.systems.score import EMBEDDINGS, SCORE
from pipeline.models.systems.system import ALL_MODALITIES

N = 12
TRAIN = np.arange(8)
OVER_FRAMES = ("lstm over frames", "gru over frames")


def table(*names: str, has: slice = slice(None)) -> SimpleNamespace:
    """A table of these streams; `has`: the rows that have the sequences."""
    streams, masks = {}, {}
    for name in names:
        is_sequence = name in ("frames", "clips", "clip_frames", "regions", "sound")
        masks[name] = np.ones(N, bool)
        if is_sequence:
            masks[name] = np.isin(np.arange(N), np.arange(N)[has])
            streams[name] = pack_ragged([np.ones((int(one), 3), np.float32) for one in masks[name]])
        else:
            streams[name] = np.ones((N, 4), np.float32)
    return SimpleNamespace(streams=streams, masks=masks, data_hash="d")


def lacks(system, some) -> dict[str, str]:
    found = {n: e.find_lack(some, TRAIN) for n, e in system.estimators().items()}
    return {name: lack for name, lack in found.items() if lack}


def test_readers_of_frames_need_a_frame():
    """Seen: "lstm over frames" and "gru over frames" with one figure, trained on no frame."""
    found = lacks(REVENUE, table("text", "metadata", "poster"))
    assert set(found) == {*OVER_FRAMES, "ensemble"}
    assert found[OVER_FRAMES[0]] == "no training film has a sequence beside text, poster, metadata"
    assert found["ensemble"].startswith("its member gru over frames cannot be trained: no")


@pytest.mark.parametrize("name", OVER_FRAMES)
def test_frames_of_test_films_alone_train_nothing(name):
    only_test = table("text", "metadata", "frames", has=slice(8, None))
    assert name in lacks(REVENUE, only_test)
    assert lacks(REVENUE, table("text", "metadata", "frames", has=slice(0, 1))) == {}


def test_variant_of_absent_modalities_is_left_out_and_the_others_are_not():
    found = lacks(GENRE, table("text", "metadata"))
    assert set(found) == {
        LATE_FUSION, EARLY_FUSION, "clip_frames alone", "clips alone", "frames alone",
        "poster alone", "sound alone",
    }  # fmt: skip
    assert found[LATE_FUSION] == "no training film has clip_frames or clips"
    assert ALL_MODALITIES not in found
    assert lacks(SCORE, table("text"))[EMBEDDINGS] == "no training film has frames"


def test_keywords_are_not_grounded_without_regions():
    without = lacks(BOX_OFFICE, table("metadata", "text"))
    assert set(without) == {GROUNDED}
    assert "poster regions" in without[GROUNDED]
    assert lacks(BOX_OFFICE, table("metadata", "text", "regions")) == {}
    assert MASKED not in without


def test_what_reads_records_or_pixels_lacks_no_stream():
    assert CUT_BLEND not in lacks(REVENUE, table("metadata"))
    assert lacks(POSTER, table("metadata")) == {EMBEDDING: "no training film has poster"}
