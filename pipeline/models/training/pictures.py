"""Pictures for networks that look at pixels: posters and frames of the rows of a batch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from PIL import Image

from pipeline.core.errors import TrainingError
from pipeline.core.image_inputs import Fit, make_square
from pipeline.models.training.batches import Batch
from pipeline.models.training.estimator import Inputs

ROW = "row"
"""The stream of a `RowTable`."""

PIXELS = "pixels"
"""The stream of a batch after its pictures have been read: uint8, channels last."""


@dataclass(frozen=True)
class RowTable:
    """A table whose only stream says which row a movie is: its pictures are read by that."""

    n_movies: int
    data_hash: str

    @cached_property
    def streams(self) -> Mapping[str, np.ndarray]:
        """Row numbers, exact as float32 up to 16 million movies."""
        return {ROW: np.arange(self.n_movies)}

    @cached_property
    def masks(self) -> Mapping[str, np.ndarray]:
        """Every row has a number."""
        return {ROW: np.ones(self.n_movies, dtype=bool)}


def row_table(inputs: Inputs) -> RowTable:
    """Number the rows of a table."""
    n_movies = len(next(iter(inputs.table.masks.values())))
    return RowTable(n_movies, inputs.table.data_hash)


def usable_rows(inputs: Inputs, stream: str) -> np.ndarray:
    """Mark the movies that have a poster ("poster") or frames ("frames").

    The table's mask says so where it has that stream; else every picture is opened once.

    Returns:
        Bool, shape (movies,). Rows at False must be left out, and counted, by whoever splits.

    Raises:
        TrainingError: The inputs load no such pictures.
    """
    if stream in inputs.table.masks:
        return np.asarray(inputs.table.masks[stream], dtype=bool)
    load = _loader(inputs, stream)
    return np.array([load(row) is not None for row in range(row_table(inputs).n_movies)])


def _loader(inputs: Inputs, stream: str) -> Callable[[int], np.ndarray | None]:
    load = inputs.load_poster if stream == "poster" else inputs.load_frames
    if load is None:
        raise TrainingError(f"wanted inputs that load the movies' {stream}, came none that do")
    return load


class Kept:
    """Arrays by row, held in memory until it is full; what comes later is made each time anew.

    Args:
        make: Gives a row's array.
        limit_mib: How full; 0 keeps nothing.
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


class PosterReader:
    """Posters as squares: at random where `Fit.RANDOM_CROP` cuts while learning, else the same.

    Args:
        inputs: They load the posters.
        fit: How a poster becomes a square.
        input_px: Side of the square.
        keep_mib: Memory for posters; kept as squares, or whole where every step cuts anew.
    """

    def __init__(self, inputs: Inputs, fit: Fit, input_px: int, keep_mib: int = 0):
        self.load = _loader(inputs, "poster")
        self.fit = fit
        self.input_px = input_px
        self.kept = Kept(self._open, keep_mib)

    def read_to_learn(self, batch: Batch, seed: int) -> Batch:
        """Read a batch's posters; a random crop depends on the seed."""
        return self._read(batch, np.random.default_rng(seed))

    def read(self, batch: Batch, _seed: int = 0) -> Batch:
        """Read a batch's posters; a random crop is cut in the middle."""
        return self._read(batch, None)

    def _read(self, batch: Batch, rng: np.random.Generator | None) -> Batch:
        squares = np.stack([self._square(row, rng) for row in _rows(batch)])
        has = torch.ones(len(squares), dtype=torch.bool)
        return Batch({PIXELS: torch.from_numpy(squares)}, {PIXELS: has}, batch.target)

    def _square(self, row: int, rng: np.random.Generator | None) -> np.ndarray:
        picture = self.kept(row)
        return self._fit(picture, rng) if self.fit is Fit.RANDOM_CROP else picture

    def _open(self, row: int) -> np.ndarray:
        picture = _wanted(self.load(row), row, "poster")
        return picture if self.fit is Fit.RANDOM_CROP else self._fit(picture, None)

    def _fit(self, picture: np.ndarray, rng: np.random.Generator | None) -> np.ndarray:
        return np.asarray(make_square(Image.fromarray(picture), self.input_px, self.fit, rng))


class FrameReader:
    """Some of each movie's frames: chosen anew in each step, or spread evenly over the trailer.

    Args:
        inputs: They load the frames, up to 30 a movie.
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
        inputs: Inputs,
        n_frames: int,
        input_px: int,
        keep_mib: int = 0,
        *,
        is_cycled: bool = False,
        chooses_anew: bool = True,
        shuffles_order: bool = False,
    ):
        self.load = _loader(inputs, "frames")
        self.n_frames = n_frames
        self.input_px = input_px
        self.is_cycled = is_cycled
        self.chooses_anew = chooses_anew
        self.shuffles_order = shuffles_order
        self.kept = Kept(self._open, keep_mib)

    def read_to_learn(self, batch: Batch, seed: int) -> Batch:
        """Read a batch's frames; choice and order depend on the seed."""
        return self._read(batch, np.random.default_rng(seed))

    def read(self, batch: Batch, _seed: int = 0) -> Batch:
        """Read a batch's frames, spread evenly, in the order of time."""
        return self._read(batch, None)

    def _read(self, batch: Batch, rng: np.random.Generator | None) -> Batch:
        rows = _rows(batch)
        shape = (len(rows), self.n_frames, self.input_px, self.input_px, 3)
        pixels, mask = np.zeros(shape, np.uint8), np.zeros(shape[:2], bool)
        for place, row in enumerate(rows):
            frames = self.kept(row)
            chosen = self._choose(len(frames), rng)
            pixels[place, : len(chosen)] = frames[chosen]
            mask[place, : len(chosen)] = True
        return Batch(
            {PIXELS: torch.from_numpy(pixels)}, {PIXELS: torch.from_numpy(mask)}, batch.target
        )

    def _choose(self, n_there: int, rng: np.random.Generator | None) -> np.ndarray:
        n_chosen = min(self.n_frames, n_there)
        if rng is not None and self.chooses_anew:
            chosen = np.sort(rng.choice(n_there, n_chosen, replace=False))
        else:
            chosen = np.arange(n_chosen) * n_there // n_chosen
        if rng is not None and self.shuffles_order:
            chosen = rng.permutation(chosen)
        return np.resize(chosen, self.n_frames) if self.is_cycled else chosen

    def _open(self, row: int) -> np.ndarray:
        frames = _wanted(self.load(row), row, "frames")
        if frames.shape[1:3] == (self.input_px, self.input_px):
            return frames
        square = (self.input_px, self.input_px)
        return np.stack(
            [Image.fromarray(one).resize(square, Image.Resampling.BILINEAR) for one in frames]
        )


def _rows(batch: Batch) -> list[int]:
    return batch.streams[ROW].long().tolist()


def _wanted(pictures: np.ndarray | None, row: int, what: str) -> np.ndarray:
    if pictures is None or not len(pictures):
        raise TrainingError(f"row {row} has no {what}; leave out what `usable_rows` does not mark")
    return pictures
