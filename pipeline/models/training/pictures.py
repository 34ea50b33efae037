"""Pictures for networks that look at pixels: posters and frames of the rows of a batch."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

import numpy as np
import torch
from PIL import Image

from pipeline.core.errors import TrainingError
from pipeline.core.image_inputs import Fit, make_square
from pipeline.models.training.batches import Batch, StreamArrays
from pipeline.models.training.estimator import FeatureSet

ROW = "row"
"""The stream of a `row_table`: which row a movie is; its pictures are read by that."""

PIXELS = "pixels"
"""The stream of a batch after its pictures have been read: uint8, channels last."""


def row_table(features: FeatureSet) -> StreamArrays:
    """Number the rows of a table, exact as float32 up to 16 million movies."""
    n_movies = len(next(iter(features.table.masks.values())))
    everyone = np.ones(n_movies, dtype=bool)
    return StreamArrays({ROW: np.arange(n_movies)}, {ROW: everyone}, features.table.data_hash)


def _loader(features: FeatureSet, stream: str) -> Callable[[int], np.ndarray | None]:
    load = features.load_poster if stream == "poster" else features.load_frames
    if load is None:
        raise TrainingError(f"expected features that load the movies' {stream}, got none that do")
    return load


class BoundedCache:
    """Arrays by row, held in memory until it is full; later ones are made each time.

    Args:
        make: Makes a row's array.
        limit_mib: How full; 0 holds nothing.
    """

    def __init__(self, make: Callable[[int], np.ndarray], limit_mib: int):
        self.make = make
        self.free_bytes = limit_mib * 2**20
        self.arrays: dict[int, np.ndarray] = {}

    def __call__(self, row: int) -> np.ndarray:
        """Return a row's array."""
        if row in self.arrays:
            return self.arrays[row]
        array = self.make(row)
        if array.nbytes <= self.free_bytes:
            self.free_bytes -= array.nbytes
            self.arrays[row] = array
        return array


class PictureReader(ABC):
    """Reads the pictures of a batch's rows; while learning, at random by a seed.

    Args:
        features: They load the pictures.
        name: "poster" or "frames".
        keep_mib: Memory for pictures that have been read.
    """

    def __init__(self, features: FeatureSet, name: str, keep_mib: int):
        self.name = name
        self.load = _loader(features, name)
        self.cached = BoundedCache(self._open, keep_mib)

    def read_to_learn(self, batch: Batch, seed: int) -> Batch:
        """Read a batch's pictures; random choices depend on the seed."""
        return self._read(batch, np.random.default_rng(seed))

    def read(self, batch: Batch, _seed: int = 0) -> Batch:
        """Read a batch's pictures without random choices."""
        return self._read(batch, None)

    def _read(self, batch: Batch, rng: np.random.Generator | None) -> Batch:
        rows: list[int] = batch.streams[ROW].long().tolist()
        pixels, mask = self._read_rows(rows, rng)
        return Batch(
            {PIXELS: torch.from_numpy(pixels)}, {PIXELS: torch.from_numpy(mask)}, batch.target
        )

    def _open(self, row: int) -> np.ndarray:
        pictures = self.load(row)
        if pictures is None or not len(pictures):
            raise TrainingError(f"the movie of row {row} has no {self.name}; make the splits again")
        return self._prepare(pictures)

    @abstractmethod
    def _prepare(self, pictures: np.ndarray) -> np.ndarray:
        """Return a row's pictures as they are cached."""

    @abstractmethod
    def _read_rows(
        self, rows: Sequence[int], rng: np.random.Generator | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return pixels, uint8 (batch, ...), and which of them there are, bool."""


class PosterReader(PictureReader):
    """Posters as squares: at random where `Fit.RANDOM_CROP` cuts while learning, else the same.

    Args:
        features: They load the posters.
        fit: How a poster becomes a square; a random crop is central where nothing is learned.
        input_px: Side of the square.
        keep_mib: Memory for posters; kept as squares, or whole where every step cuts a new one.
    """

    def __init__(self, features: FeatureSet, fit: Fit, input_px: int, keep_mib: int = 0):
        super().__init__(features, "poster", keep_mib)
        self.fit = fit
        self.input_px = input_px

    def _read_rows(
        self, rows: Sequence[int], rng: np.random.Generator | None
    ) -> tuple[np.ndarray, np.ndarray]:
        squares = np.stack([self._square(row, rng) for row in rows])
        return squares, np.ones(len(squares), dtype=bool)

    def _square(self, row: int, rng: np.random.Generator | None) -> np.ndarray:
        picture = self.cached(row)
        return self._fit(picture, rng) if self.fit is Fit.RANDOM_CROP else picture

    def _prepare(self, pictures: np.ndarray) -> np.ndarray:
        return pictures if self.fit is Fit.RANDOM_CROP else self._fit(pictures, None)

    def _fit(self, picture: np.ndarray, rng: np.random.Generator | None) -> np.ndarray:
        return np.asarray(make_square(Image.fromarray(picture), self.input_px, self.fit, rng))


class FrameReader(PictureReader):
    """Some of each movie's frames: chosen at random in each step, or spread evenly.

    Args:
        features: They load the frames, up to 30 a movie.
        n_frames: How many are looked at.
        input_px: Side of a frame.
        keep_mib: Memory for frames.
        is_cycled: Whether a movie with fewer frames shows them again from the first (a stack of
            frames has no empty place); else the rest is masked.
        chooses_anew: Whether each step chooses at random while learning.
        shuffles_order: Whether frames stand in any order while learning, instead of that of time.
    """

    def __init__(
        self,
        features: FeatureSet,
        n_frames: int,
        input_px: int,
        keep_mib: int = 0,
        *,
        is_cycled: bool = False,
        chooses_anew: bool = True,
        shuffles_order: bool = False,
    ):
        super().__init__(features, "frames", keep_mib)
        self.n_frames = n_frames
        self.input_px = input_px
        self.is_cycled = is_cycled
        self.chooses_anew = chooses_anew
        self.shuffles_order = shuffles_order

    def _read_rows(
        self, rows: Sequence[int], rng: np.random.Generator | None
    ) -> tuple[np.ndarray, np.ndarray]:
        shape = (len(rows), self.n_frames, self.input_px, self.input_px, 3)
        pixels, mask = np.zeros(shape, np.uint8), np.zeros(shape[:2], bool)
        for place, row in enumerate(rows):
            frames = self.cached(row)
            chosen = self._choose(len(frames), rng)
            pixels[place, : len(chosen)] = frames[chosen]
            mask[place, : len(chosen)] = True
        return pixels, mask

    def _choose(self, n_available: int, rng: np.random.Generator | None) -> np.ndarray:
        n_chosen = min(self.n_frames, n_available)
        if rng is not None and self.chooses_anew:
            chosen = np.sort(rng.choice(n_available, n_chosen, replace=False))
        else:
            chosen = np.arange(n_chosen) * n_available // n_chosen
        if rng is not None and self.shuffles_order:
            chosen = rng.permutation(chosen)
        return np.resize(chosen, self.n_frames) if self.is_cycled else chosen

    def _prepare(self, pictures: np.ndarray) -> np.ndarray:
        if pictures.shape[1:3] == (self.input_px, self.input_px):
            return pictures
        square = (self.input_px, self.input_px)
        small = [Image.fromarray(one).resize(square, Image.Resampling.BILINEAR) for one in pictures]
        return np.stack([np.asarray(one) for one in small])
