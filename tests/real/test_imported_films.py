"""Real films without a key: Kaggle's own files, imported and built to a leaderboard, in a folder
that was empty before.

By day the first films of the files; at night all of them. There is neither poster nor trailer, so
what reads only these is trained on nothing and says so.
"""

import csv
import gzip
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest
from commands import marquee

from assets.orchestration.asset_specs import MOVIE_ASSETS
from pipeline.models.systems.registry import SYSTEMS
from resources.run_context import open_stored
from resources.settings import Settings

pytestmark = pytest.mark.real

N_FILMS = 40
FEW = 8
SEES = ("poster", "score")
"""Systems that look at nothing but posters or trailers."""


def cut_dump(data: Path, folder: Path, n_films: int | None = None) -> int:
    """Write the first films of Kaggle's two files, or all of them; return how many there are."""
    folder.mkdir()
    movies = read_table(data / "tmdb5000" / "movies.csv.gz")[:n_films]
    ids = {row["id"] for row in movies}
    credits = read_table(data / "tmdb5000" / "credits.csv.gz")
    write_table(folder / "tmdb_5000_movies.csv", movies)
    write_table(
        folder / "tmdb_5000_credits.csv", [row for row in credits if row["movie_id"] in ids]
    )
    return len(ids)


def read_table(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_table(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@dataclass
class Place:
    """A folder that was empty before the first command."""

    folder: Path

    def run(self, *arguments: str) -> str:
        """Run `marquee` here as README says; trainings in this process."""
        given = {"MARQUEE_SOURCE": "imports", "MARQUEE_TRAINERS": "1"}
        return marquee(*arguments, cwd=self.folder, environment=given).stdout

    @property
    def store(self) -> Path:
        return self.folder / "store" / "imports"

    def board(self) -> pd.DataFrame:
        assert (self.store / "reports" / "leaderboard.html").stat().st_size > 1000
        return pd.read_parquet(self.store / "reports" / "leaderboard.parquet")

    def rows(self, asset: str) -> dict:
        with open_stored(Settings(source="imports", store=str(self.store))) as run_context:
            return run_context.ledger.rows(asset)

    def shown(self, asset: str) -> set[int]:
        """Return the films that Dagster shows as made."""
        with dg.DagsterInstance.from_config(str(self.folder / ".dagster")) as instance:
            return {int(key) for key in instance.get_materialized_partitions(dg.AssetKey(asset))}


@dataclass
class Built:
    """A place where first a few films were built, then all."""

    place: Place
    first_board: pd.DataFrame
    board: pd.DataFrame


@pytest.fixture(scope="module")
def built(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("imported")
    assert cut_dump(data, folder / "dump", N_FILMS) == N_FILMS
    place = Place(folder)
    place.run("import", "tmdb5000", "dump")
    place.run("build", "--limit", str(FEW))
    first = place.board()
    place.run("build")
    return Built(place, first, place.board())


def missing(board: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of what was not trained; each says why."""
    rows = board.loc[board["kind"] == "missing"]
    assert rows["reason"].str.len().min() > 10
    return rows


def test_few_films_are_built_to_a_leaderboard_that_says_what_was_not_trained_and_why(built):
    everything = {(system.name, task.name) for system in SYSTEMS for task in system.tasks}
    rows, board = missing(built.first_board), built.first_board
    models = board[board["kind"] == "model"]
    lacking = set(zip(rows["system"], rows["task"], strict=True))
    trained = set(zip(models["system"], models["task"], strict=True))
    assert lacking | trained == everything
    assert not lacking & trained
    assert {system for system, _ in lacking} >= {"poster", "score"}
    assert rows["reason"].str.len().min() > 10


def test_box_office_has_a_model_beside_its_baselines(built):
    rows = built.board[built.board["system"] == "box_office"]
    assert {"model", "baseline"} <= set(rows["kind"])
    assert rows.loc[rows["kind"] == "model", "estimate"].notna().any()


def test_what_looks_at_posters_and_trailers_alone_is_a_row_with_its_reason(built):
    rows = missing(built.board)
    assert {system.name for system in SYSTEMS if system.name in SEES} <= set(rows["system"])
    assert "box_office" not in set(rows["system"])


def test_every_film_is_settled_and_dagster_shows_the_ledger(built):
    for spec in MOVIE_ASSETS:
        rows = built.place.rows(spec.name)
        assert len(rows) in (0, N_FILMS), spec.name
        assert all(row.is_final for row in rows.values()), spec.name
        assert built.place.shown(spec.name) == rows.keys(), spec.name
    assert {row.reason for row in built.place.rows("posters").values()} == {"not_listed"}


def test_plots_are_embedded_with_real_weights(built):
    rows = built.place.rows("text_embeddings")
    made = [row for row in rows.values() if row.status == "ok"]
    assert len(made) >= N_FILMS - 2
    assert not [row for row in made if "random" in row.metadata["weights"]]


def test_another_build_finds_nothing_to_do(built):
    before = (built.place.store / "reports" / "leaderboard.html").stat().st_mtime_ns
    built.place.run("build")
    assert (built.place.store / "reports" / "leaderboard.html").stat().st_mtime_ns == before


@pytest.mark.slow
def test_all_films_of_the_files_are_built_to_one_leaderboard(data, tmp_path):
    """By day the first films are: see the tests above."""
    n_films = cut_dump(data, tmp_path / "dump")
    assert n_films > 3000
    place = Place(tmp_path)
    place.run("import", "tmdb5000", "dump")
    place.run("build")
    board = place.board()
    models = board[(board["kind"] == "model") & board["estimate"].notna()]
    assert {"box_office", "revenue", "genre"} <= set(models["system"])
    assert set(SEES) <= set(missing(board)["system"])
    for asset in ("movie_records", "posters", "frame_embeddings"):
        assert place.shown(asset) == place.rows(asset).keys()
        assert len(place.rows(asset)) == n_films
