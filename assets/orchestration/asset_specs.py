"""The dependency graph: every asset once, with upstreams, code version, files and settings.

Raise an asset's code version whenever its results would differ.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from assets.orchestration.asset_settings import (
    attribute_version,
    backbone_version,
    box_office_version,
    clip_extent,
    find_host_pause,
    frames_version,
    own_folder_version,
    own_trailer_versions,
    region_networks,
    resolution_version,
    sound_version,
)
from assets.orchestration.record_age import age_version, find_next_requests
from pipeline.core.presets import Preset
from pipeline.core.staleness import RECORDS, Row, Step
from pipeline.core.versions import combine
from pipeline.embeddings.backbones import Modality
from pipeline.models.systems.registry import SYSTEMS
from pipeline.models.systems.system import System
from resources.compute.chosen_backbones import FIELDS
from resources.run_context import RunContext
from resources.storage.movie_files import MovieFile

RECORD_FILE = MovieFile(("movies",), ".json")
BOX_OFFICE_FILE = MovieFile(("box_office",), ".json")
POSTER_FILE = MovieFile(("posters",), ".jpg")
TRAILER_FILE = MovieFile(("trailers",), ".mp4")
TRAILER_SOUND_FILE = MovieFile(("trailers",), ".audio.m4a")
"""The sound of a trailer whose host keeps it apart from the picture."""
FRAMES_FILE = MovieFile(("frames",), ".npz")
CLIPS_FILE = MovieFile(("clips",), ".mp4")
AUDIO_FILE = MovieFile(("audio",), ".npy")
REGIONS_FILE = MovieFile(("regions",), ".npy")
ATTRIBUTES_FILE = MovieFile(("attr_bbox",), ".txt")


@dataclass(frozen=True)
class FeatureSource:
    """A feature of the models that is read from one asset's files.

    Attributes:
        name: Of the feature.
        file: Where it lies; files of a backbone lie in its own folder below.
        modality: Which backbones compute it; None for no backbone of the preset.
        is_sequence: Whether a movie has several vectors.
    """

    name: str
    file: MovieFile
    modality: Modality | None
    is_sequence: bool = False

    @property
    def folder(self) -> str:
        """The folder below `embeddings/`, as the notes of embeddings have it."""
        return self.file.folders[-1]

    def backbone(self, preset: Preset) -> str:
        """Return the preset's backbone; "" where it has none."""
        return str(getattr(preset, FIELDS[self.modality])) if self.modality else ""


def embedding_file(*folders: str) -> MovieFile:
    """Return the place of embeddings below `embeddings/`."""
    return MovieFile(("embeddings", *folders), ".npy")


def _embedded(
    name: str, modality: Modality, folder: str = "", *, is_sequence: bool = True
) -> FeatureSource:
    return FeatureSource(name, embedding_file(folder or name), modality, is_sequence)


@dataclass(frozen=True, kw_only=True)
class MovieAssetSpec(Step):
    """A per-movie asset: one partition per movie.

    Attributes:
        stage: The stage word, which is its group in the UI.
        files: Where its results lie, where no backbone has a folder of its own.
        features: What models read of it; those of a modality are computed by its backbones.
        settings: Computes the version of the settings that its results depend on.
        networks: Lists further networks that it employs; one without a name disables it.
        extent: Describes how much of a movie's input the backbones see; "" for all of it.
        movie_versions: Returns the versions of what else single movies depend on.
        next_attempts: Returns when single movies are stale by themselves, beside what their rows
            say, in seconds since the epoch.
        beside_rows: Returns the version of what `movie_versions` and `next_attempts` read that is
            neither in a movie's rows nor its change stamp.
        find_pause: Describes why movies without such a version have to wait; "" where they need
            not.
    """

    stage: str
    files: tuple[MovieFile, ...] = ()
    features: tuple[FeatureSource, ...] = ()
    settings: Callable[[RunContext], str] = lambda _: ""
    networks: Callable[[Preset], tuple[str, ...]] = lambda _: ()
    extent: Callable[[Preset], str] = lambda _: ""
    movie_versions: Callable[[RunContext, Mapping[int, Row]], Mapping[int, str]] = lambda *_: {}
    next_attempts: Callable[[RunContext, Mapping[int, Row]], Mapping[int, float]] = lambda *_: {}
    beside_rows: Callable[[RunContext], str] = lambda _: ""
    find_pause: Callable[[RunContext], str] = lambda _: ""

    @property
    def embeddings(self) -> tuple[tuple[Modality, FeatureSource], ...]:
        """The features that backbones compute, with their modality; the first one decides."""
        return tuple((feature.modality, feature) for feature in self.features if feature.modality)

    @property
    def patterns(self) -> str:
        """The paths of its files, for people."""
        files = self.files or [feature.file.below("<backbone>") for feature in self.features]
        return ", ".join(file.pattern for file in files)

    def backbones(self, run_context: RunContext) -> dict[str, str]:
        """Return the folder of every backbone that it employs, the preset's backbone first.

        None is employed where the first modality has none: without a video backbone no clips are
        cut.
        """
        chosen = run_context.backbones
        if not self.embeddings or not chosen[self.embeddings[0][0]]:
            return {}
        return {
            name: feature.folder
            for modality, feature in self.embeddings
            for name in chosen[modality]
        }

    def is_enabled(self, run_context: RunContext) -> bool:
        """Whether the preset and the settings ask for its results at all."""
        if self.embeddings:
            return bool(self.backbones(run_context))
        return all(self.networks(run_context.preset))

    def settings_version(self, run_context: RunContext) -> str:
        """Return the version of all settings that its results depend on, loading no network."""
        names = [*self.backbones(run_context), *self.networks(run_context.preset)]
        own = self.settings(run_context) or self.extent(run_context.preset)
        if not names and not self.embeddings:
            return own
        return combine([own, *(backbone_version(name, run_context) for name in names)])


MOVIE_ASSETS: tuple[MovieAssetSpec, ...] = (
    MovieAssetSpec(
        name=RECORDS, code_version="2", stage="crawl", files=(RECORD_FILE,),
        movie_versions=lambda run_context, _: run_context.ledger.movies(),
        next_attempts=find_next_requests, beside_rows=age_version,
    ),
    MovieAssetSpec(
        name="box_office", code_version="3", facet="box_office", stage="crawl",
        files=(BOX_OFFICE_FILE,), settings=box_office_version,
    ),
    MovieAssetSpec(
        name="posters", code_version="2", facet="poster", stage="media", files=(POSTER_FILE,)
    ),
    MovieAssetSpec(
        name="trailers", code_version="1", facet="trailer", stage="media",
        files=(TRAILER_FILE, TRAILER_SOUND_FILE), settings=resolution_version,
        movie_versions=own_trailer_versions, beside_rows=own_folder_version,
        find_pause=find_host_pause,
    ),
    MovieAssetSpec(
        name="trailer_frames", code_version="4", upstreams=("trailers",), stage="frames",
        files=(CLIPS_FILE, FRAMES_FILE), settings=frames_version,
    ),
    MovieAssetSpec(
        name="trailer_audio", code_version="2", upstreams=("trailers",), stage="frames",
        files=(AUDIO_FILE,), settings=sound_version,
    ),
    MovieAssetSpec(
        name="text_embeddings", code_version="4", facet="text", stage="embeddings",
        features=(_embedded("text", Modality.TEXT, is_sequence=False),),
    ),
    MovieAssetSpec(
        name="poster_embeddings", code_version="5", upstreams=("posters",), stage="embeddings",
        features=(_embedded("poster", Modality.POSTER, is_sequence=False),),
    ),
    MovieAssetSpec(
        name="poster_regions", code_version="1", upstreams=("posters",), stage="embeddings",
        files=(REGIONS_FILE, ATTRIBUTES_FILE), settings=attribute_version,
        networks=region_networks,
        features=(FeatureSource("regions", REGIONS_FILE, None, is_sequence=True),),
    ),
    MovieAssetSpec(
        name="frame_embeddings", code_version="4", upstreams=("trailer_frames",),
        stage="embeddings", features=(_embedded("frames", Modality.IMAGE),),
    ),
    MovieAssetSpec(
        name="clip_embeddings", code_version="3", upstreams=("trailer_frames",),
        stage="embeddings", extent=clip_extent,
        features=(_embedded("clips", Modality.VIDEO), _embedded("clip_frames", Modality.IMAGE)),
    ),
    MovieAssetSpec(
        name="audio_embeddings", code_version="1", upstreams=("trailer_audio",),
        stage="embeddings", features=(_embedded("sound", Modality.AUDIO, "audio"),),
    ),
)  # fmt: skip
"""The per-movie assets, each after its upstreams."""


@dataclass(frozen=True)
class UnpartitionedSpec:
    """An unpartitioned asset: one result over all movies.

    Attributes:
        name: Name of the asset.
        code_version: Raised by hand whenever its results would differ.
        stage: The stage word, which is its group in the UI.
        upstreams: Assets that it depends on.
        system: Name of the system that it belongs to, or "".
    """

    name: str
    code_version: str
    stage: str
    upstreams: tuple[str, ...] = ()
    system: str = ""


WHOLE = 0
"""The "movie" under which the ledger keeps an unpartitioned asset."""

CATALOG = UnpartitionedSpec("movie_catalog", "1", "crawl")
"""Which movies there are; it has no row in the ledger and is computed at every crawl."""

FEATURES = UnpartitionedSpec(
    "movie_features", "6", "splits",
    upstreams=(
        RECORDS, "box_office", "text_embeddings", "poster_embeddings", "frame_embeddings",
        "trailer_audio", "clip_embeddings", "audio_embeddings", "poster_regions",
    ),
)  # fmt: skip
"""Its upstreams' order enters its version."""

LEADERBOARD = "leaderboard"


def system_specs(system: System) -> Iterable[UnpartitionedSpec]:
    """Yield the assets of one system, each after its upstreams."""
    name, versions = system.name, system.code_versions
    splits = f"{name}_splits"
    yield UnpartitionedSpec(splits, versions.splits, "splits", (FEATURES.name,), name)
    yield UnpartitionedSpec(f"{name}_baselines", versions.baselines, "models", (splits,), name)
    pretrained = (system.encoder,) if system.encoder else ()
    if pretrained:
        yield UnpartitionedSpec(system.encoder, versions.encoder, "models", (splits,), name)
    yield UnpartitionedSpec(f"{name}_model", versions.model, "models", (splits, *pretrained), name)
    evaluated = (f"{name}_baselines", f"{name}_model")
    yield UnpartitionedSpec(
        f"{name}_evaluation", versions.evaluation, "evaluation", evaluated, name
    )


def unpartitioned_specs(systems: Iterable[System] = SYSTEMS) -> Mapping[str, UnpartitionedSpec]:
    """Return the unpartitioned assets downstream of the movies' by name, each after its
    upstreams.
    """
    systems = tuple(systems)
    specs = [FEATURES, *(spec for system in systems for spec in system_specs(system))]
    evaluations = tuple(f"{system.name}_evaluation" for system in systems)
    specs.append(UnpartitionedSpec(LEADERBOARD, "4", "evaluation", evaluations))
    return {spec.name: spec for spec in specs}


UNPARTITIONED_ASSETS = unpartitioned_specs()

FEATURE_SOURCES: Mapping[str, tuple[MovieAssetSpec, FeatureSource]] = {
    feature.name: (spec, feature)
    for name in FEATURES.upstreams
    for spec in MOVIE_ASSETS
    if spec.name == name
    for feature in spec.features
}
"""The features that are read as they lie in the store, with the asset that each is read from."""


def movie_spec(name: str) -> MovieAssetSpec:
    """Return a per-movie asset by its name."""
    return next(spec for spec in MOVIE_ASSETS if spec.name == name)
