"""The `poster_regions` asset: what is on a poster, where, with which attributes and features."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, cast

from assets.embeddings.embedding_notes import DTYPE, Note
from assets.embeddings.embedding_run import read_ahead
from assets.orchestration.asset_settings import REGION_BACKBONE
from assets.orchestration.asset_specs import ATTRIBUTES_FILE, POSTER_FILE, REGIONS_FILE
from assets.orchestration.movie_asset import movie_asset
from assets.orchestration.pictures import draw_regions
from pipeline.core.errors import ItemError
from pipeline.core.numpy_on_demand import np
from pipeline.core.outcomes import Outcome
from pipeline.layouts.attr_bbox import format_attr_bbox
from resources.compute.attribute_model import load_attribute_model
from resources.compute.device import Device, choose_device
from resources.run_context import RunContext
from resources.storage.batch import MovieBatch, outcome_of
from resources.storage.embedding_files import embedding_bytes

if TYPE_CHECKING:  # they import torch, which a run alone needs
    from pipeline.embeddings.pixel_networks import PixelNetwork
    from pipeline.embeddings.regions import PosterRegions, RegionFinder


def poster_regions(batch: MovieBatch) -> Iterator[Outcome]:
    """Detect the objects on each poster: boxes, names, attributes, and ResNet50's features.

    A poster on which nothing is detected has no regions: that is a result. Attributes are assigned
    where CLIP's weights are available; `looks` holds with which, or why there are none.
    """
    from pipeline.embeddings.parallel_encoding import encode_in_parallel
    from pipeline.embeddings.regions import find_regions
    from pipeline.media.poster import load_reference000_poster

    def load(tmdb_id: int) -> np.ndarray:
        file = POSTER_FILE.path(batch.run_context.store, tmdb_id)
        return load_reference000_poster(file.read_bytes())

    device = choose_device(batch.run_context.settings.devices or None).alone
    device.take_one_thread_per_encoder()
    finder, note = open_finder(batch.run_context, device)
    failed: list[Outcome] = []
    find = partial(find_regions, finder=finder)
    posters = read_ahead(batch, load, failed)
    for tmdb_id, found in encode_in_parallel(posters, [find] * len(device.slots)):
        yield _store(batch, tmdb_id, found, note)
    yield from failed


def open_finder(run_context: RunContext, device: Device) -> tuple[RegionFinder, Note]:
    """Load the networks; return them with what their files record about themselves."""
    from pipeline.embeddings.regions import RegionFinder
    from resources.compute.weights import load_backbone

    preset, folder = run_context.preset, run_context.weights_folder
    detector, features = (
        load_backbone(name, weights_folder=folder, allow_random=preset.allows_random)
        for name in (preset.detector, REGION_BACKBONE)
    )
    classify, description = load_attribute_model(
        run_context.settings.attributes,
        weights_folder=folder,
        allow_download=not run_context.source.is_studio,
        device=device.name,
    )
    resnet50 = cast("PixelNetwork", features.network)  # as of every image backbone
    finder = RegionFinder(detector.network, resnet50, classify, device=device.name)
    return finder, {
        "detector": detector.backbone.name,
        "detector_weights": detector.weights_label,
        "detector_weights_hash": detector.weights_hash,
        "backbone": features.backbone.name,
        "weights": features.weights_label,
        "weights_hash": features.weights_hash,
        "preparation": features.preparation,
        "width": features.backbone.width,
        "dtype": DTYPE,
        "looks": description,  # the key is stored in every file
    }


def _store(
    batch: MovieBatch, tmdb_id: int, found: PosterRegions | ItemError, note: Note
) -> Outcome:
    if isinstance(found, ItemError):
        return outcome_of(batch.step.name, tmdb_id, found)
    store = batch.run_context.store
    files = {
        REGIONS_FILE.path(store, tmdb_id): embedding_bytes(found.features, note),
        ATTRIBUTES_FILE.path(store, tmdb_id): format_attr_bbox(found.regions).encode(),
    }
    names = sorted({region.name for region in found.regions})
    return batch.keep(tmdb_id, files, objects=len(found.regions), names=", ".join(names), **note)


ASSET = movie_asset(
    poster_regions,
    kinds={"pytorch", "numpy"},
    metadata={
        "shape": "float32 (objects, 2048, 7, 7); four lines per object",
    },
    draw=draw_regions,
)
