import io

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from torch import nn

from pipeline.core.errors import ItemError, PosterError
from pipeline.core.outcomes import Reason
from pipeline.embeddings.backbones import BACKBONES
from pipeline.embeddings.detector import (
    DETECTORS,
    OBJECT_NAMES,
    SHORT_SIDE_PX,
    SMALL_DETECTOR,
    build_detector,
)
from pipeline.embeddings.pixel_networks import build_pixel_network
from pipeline.embeddings.regions import MAX_OBJECTS, RegionFinder, find_regions, last_stage
from pipeline.layouts.attr_bbox import format_attr_bbox, parse_attr_bbox
from resources.studio.media.drawing import draw_poster

CAT, DOG = OBJECT_NAMES.index("cat"), OBJECT_NAMES.index("dog")


@pytest.fixture(scope="module")
def resnet50():
    return build_pixel_network(BACKBONES["resnet50"], None)


class Sees(nn.Module):
    """A detector whose output is known: (label, confidence, box) each."""

    def __init__(self, *objects):
        super().__init__()
        self.objects = objects
        self.shapes = []

    def forward(self, pictures):
        self.shapes += [tuple(picture.shape) for picture in pictures]
        labels, scores, boxes = zip(*self.objects, strict=True) if self.objects else ([], [], [])
        return [
            {
                "labels": torch.tensor(labels, dtype=torch.int64),
                "scores": torch.tensor(scores),
                "boxes": torch.tensor(boxes).reshape(-1, 4),
            }
        ]


def poster(width_px=400, height_px=600, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (height_px, width_px, 3), dtype=np.uint8)


def test_regions_are_written_and_read_in_seed_000s_layout(resnet50):
    detector = Sees(
        (CAT, 0.98321, [231.64, 123.3, 244.4, 164.3]), (DOG, 0.7, [0.0, 0.0, 400.0, 600.0])
    )
    classify = lambda crops: [(("gold", 0.1127), ("silver", 0.4715))] * len(crops)  # noqa: E731
    found = RegionFinder(detector, resnet50, classify).find(poster(200, 300))
    assert detector.shapes == [(3, 600, 400)]
    assert found.features.shape == (2, 2048, 7, 7)
    assert found.features.dtype == np.float32
    text = format_attr_bbox(found.regions)
    assert text.startswith("gold,silver,cat\n0.1127,0.4715\n0.9832\n[231.6, 123.3, 244.4, 164.3]\n")
    assert parse_attr_bbox(text) == list(found.regions)


def test_doubtful_and_thin_objects_are_left_out(resnet50):
    detector = Sees(
        (CAT, 0.9, [10.0, 10.0, 90.0, 90.0]),
        (CAT, 0.49, [10.0, 10.0, 90.0, 90.0]),
        (DOG, 0.9, [10.0, 10.0, 10.6, 90.0]),
    )
    found = RegionFinder(detector, resnet50).find(poster())
    assert [region.name for region in found.regions] == ["cat"]
    assert found.regions[0].attributes == ()
    assert len(found.features) == 1


def test_poster_without_objects_has_no_regions(resnet50):
    found = RegionFinder(Sees(), resnet50, lambda crops: 1 / 0).find(poster())
    assert found.regions == ()
    assert found.features.shape == (0, 2048, 7, 7)


def test_last_stage_is_what_resnet50_averages_into_its_embedding(resnet50):
    pictures = torch.from_numpy(poster(96, 64))[None]
    with torch.inference_mode():
        cells = last_stage(resnet50, pictures)
        assert cells.shape == (1, 2048, 2, 3)
        assert torch.allclose(cells.mean(dim=(2, 3)), resnet50(pictures), rtol=1e-3, atol=1e-4)


def test_features_are_of_the_place_where_the_object_is(resnet50):
    half = poster()
    half[:, 200:] = 128
    left, right = [0.0, 100.0, 120.0, 500.0], [280.0, 100.0, 400.0, 500.0]
    finder = RegionFinder(Sees((CAT, 0.9, left), (CAT, 0.8, right)), resnet50)
    one, other = finder.find(half).features
    changed = half.copy()
    changed[250:350, :60] = 0
    one_changed, other_changed = finder.find(changed).features
    assert np.abs(one_changed - one).mean() > 4 * np.abs(other_changed - other).mean()


def test_crops_that_are_classified_are_the_boxes(resnet50):
    picture = poster()
    crops = []
    classify = lambda seen: crops.extend(seen) or [()] * len(seen)  # noqa: E731
    RegionFinder(Sees((CAT, 0.9, [10.0, 20.0, 30.0, 60.0])), resnet50, classify).find(picture)
    assert np.array_equal(crops[0], picture[20:60, 10:30])


def test_a_poster_that_fails_does_not_take_its_neighbours_along(resnet50):
    broken = PosterError(Reason.MALFORMED, "no picture")
    items = [(1, poster()), (2, broken), (3, poster()[..., 0]), (4, poster())]
    found = dict(find_regions(items, RegionFinder(Sees(), resnet50)))
    assert found[2] is broken
    assert isinstance(found[3], ItemError)
    assert found[3].reason is Reason.MALFORMED
    assert found[1].regions == found[4].regions == ()
    assert found[1].features.shape == (0, 2048, 7, 7)
    assert parse_attr_bbox(format_attr_bbox(())) == []


def test_torchvisions_detector_gives_boxes_inside_the_poster(resnet50):
    detector = build_detector(None, short_side_px=64, min_confidence=0.0)
    assert not detector.training
    found = RegionFinder(detector, resnet50, min_confidence=0.0).find(poster())
    assert len(found.regions) == len(found.features) > 0
    for region in found.regions:
        x1, y1, x2, y2 = region.box_px
        assert 0 <= x1 < x2 <= 400
        assert 0 <= y1 < y2 <= 600
        assert 0 <= region.confidence <= 1
    assert parse_attr_bbox(format_attr_bbox(found.regions)) == list(found.regions)


def test_detectors_are_those_of_torchvisions_records():
    for row in DETECTORS.values():
        weights = torchvision.models.get_weight(row.weights)
        assert tuple(n.replace(",", " ") for n in weights.meta["categories"]) == OBJECT_NAMES
        assert row.name in SHORT_SIDE_PX


def test_published_parameters_of_the_small_detector_load_and_are_used():
    """They were trained with frozen batch norms, which count no batches."""
    drawn = build_detector(None, SMALL_DETECTOR, seed=3)
    state = {k: v for k, v in drawn.state_dict().items() if "num_batches_tracked" not in k}
    loaded = build_detector(state, SMALL_DETECTOR)
    x = torch.rand(3, 96, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        (one,), (same,) = drawn([x]), loaded([x])
    assert torch.equal(one["boxes"], same["boxes"])
    assert torch.equal(one["scores"], same["scores"])


def test_detector_without_training_finds_objects_for_the_demo(resnet50):
    drawn = draw_poster("A film", 0.3, "a film", 342)
    picture = np.asarray(Image.open(io.BytesIO(drawn)))
    found = RegionFinder(build_detector(None, SMALL_DETECTOR), resnet50).find(picture)
    assert 0 < len(found.regions) <= 100


def test_surest_objects_are_kept_where_there_are_many(resnet50):
    many = [(CAT, 0.99 - i / 1000, [0.0, 0.0, 40.0, 60.0]) for i in range(MAX_OBJECTS + 3)]
    found = RegionFinder(Sees(*many), resnet50).find(poster())
    assert len(found.features) == len(found.regions) == MAX_OBJECTS
    assert found.regions[0].confidence == 0.99
