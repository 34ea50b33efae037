"""Random histories of a ledger, settings, files and Dagster's events, without a run or a source."""

import os
import random
import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import sqlalchemy as sa
from dagster._core.storage.event_log import SqlEventLogStorage
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable as Events

from assets.orchestration import idle_movies
from assets.orchestration.asset_specs import MOVIE_ASSETS, MovieAssetSpec
from assets.orchestration.staleness import find_stale_movies, open_work_plan
from pipeline.core.outcomes import Outcome, Reason, Status, lacking
from pipeline.core.presets import PRESETS
from pipeline.core.staleness import Action, row_of
from resources.run_context import RunContext, open_run_context
from resources.settings import Settings
from resources.trailers.trailer_sources import open_cooldown

MOVIES = range(1, 9)
_OFTEN = {"_do_work": 6, "_do_wait": 4, "_do_change_a_movie": 4, "_do_forget": 4, "_do_intend": 2}
_HOUR_S = 3600.0
_DAY_S = 24 * _HOUR_S


class History:
    """A place whose every part may change.

    Args:
        folder: An empty folder.
        home: A Dagster home that holds nothing.
        seed: Of the history.
    """

    def __init__(self, folder: Path, home: Path, seed: int):
        self.draw, self.folder, self._home = random.Random(seed), folder, home
        self.now_s, self.specs = 2e9, list(MOVIE_ASSETS)
        self.given = {"tmdb_api_key": "key", "store": str(folder / "store"), "preset": "random"}
        self._stack, self._homes = ExitStack(), 0
        self.instance = self._open_home()
        self.run_context = self._open()
        self.run_context.ledger.know_movies(dict.fromkeys(MOVIES, ""))

    def close(self) -> None:
        """Close ledger and homes."""
        self.run_context.closing.close()
        self._stack.close()

    def _open(self) -> RunContext:
        settings = Settings.model_validate(self.given)
        context = self._stack.enter_context(open_run_context(settings))
        context.clock = lambda: self.now_s
        return context

    def _open_home(self) -> dg.DagsterInstance:
        self._homes += 1
        folder = self.folder / f"home{self._homes}"
        shutil.copytree(self._home, folder)
        instance = dg.DagsterInstance.from_config(str(folder))
        self._stack.callback(instance.dispose)
        return instance

    def search(self, specs: Sequence[MovieAssetSpec]) -> dict[str, set[int]]:
        """Search for stale movies, as builds and sensors do."""
        known = list(self.run_context.ledger.movies())
        return find_stale_movies(self.run_context, self.instance, specs, known)

    def search_all(self, specs: Sequence[MovieAssetSpec], monkeypatch) -> dict[str, set[int]]:
        """Search among all movies, and note nothing."""
        with monkeypatch.context() as patch:
            patch.setattr(idle_movies.IdleLookup, "others", lambda _, ids: sorted(ids))
            patch.setattr(idle_movies.IdleLookup, "note", lambda *_: None)
            return self.search(specs)

    def step(self) -> str:
        """Let something happen; return what."""
        names = [name for name in dir(self) if name.startswith("_do_")]
        weights = [_OFTEN.get(name, 1) for name in names]
        name = self.draw.choices(names, weights)[0]
        getattr(self, name)()
        return name

    def work(self) -> None:
        """Do all that is stale, so that movies become idle; no run is killed."""
        for spec in self.specs:
            self._do_work(spec, list(self.run_context.ledger.movies()), kills=0.0)

    def _movies(self) -> list[int]:
        known = list(self.run_context.ledger.movies())
        return self.draw.sample(known, self.draw.randint(1, 3))

    def _do_work(
        self,
        spec: MovieAssetSpec | None = None,
        movies: list[int] | None = None,
        kills: float = 0.05,
    ) -> None:
        """A run brings some movies up to date in an asset, or is killed between two writes."""
        spec, movies = spec or self.draw.choice(self.specs), movies or self._movies()
        plan = open_work_plan(self.run_context, self.instance, spec, movies)
        ledger, rows = self.run_context.ledger, {}
        for tmdb_id, decision in plan.decisions.items():
            if decision.action in (Action.WORK, Action.INHERIT):
                outcome = decision.inherited or self._outcome(tmdb_id)
                rows[tmdb_id] = row_of(
                    outcome, plan.rows.get(tmdb_id), spec, decision.input_version,
                    now_s=self.now_s,
                )  # fmt: skip
        ledger.write(spec.name, rows, now_s=self.now_s)
        if self.draw.random() < kills:
            return
        rows |= {i: plan.rows[i] for i in plan.unpublished}
        self._show(spec.name, [i for i, row in rows.items() if row.is_final])
        if self.draw.random() >= kills:
            ledger.mark_published(spec.name, list(rows))

    def _events(self) -> SqlEventLogStorage:
        storage = self.instance.event_log_storage
        assert isinstance(storage, SqlEventLogStorage)
        return storage

    def _show(self, asset: str, movies: list[int]) -> None:
        """Add what Dagster reads of materializations, without what makes an event long."""
        moment = datetime.fromtimestamp(self.now_s, UTC).replace(tzinfo=None)
        values = [
            {
                "run_id": str(self.draw.random()), "event": "", "timestamp": moment,
                "dagster_event_type": dg.DagsterEventType.ASSET_MATERIALIZATION.value,
                "asset_key": dg.AssetKey(asset).to_string(), "partition": str(i),
            }
            for i in movies
        ]  # fmt: skip
        if values:
            with self._events().index_connection() as connection:
                connection.execute(sa.insert(Events), values)

    def _outcome(self, tmdb_id: int) -> Outcome:
        kind = self.draw.random()
        if kind < 0.1:
            return lacking(tmdb_id, Reason.NETWORK, "", next_attempt_s=self._later())
        if kind < 0.2:
            return lacking(tmdb_id, Reason.NO_TEXT, "")
        return Outcome(
            tmdb_id, Status.OK, content_hash=self.draw.choice("abc"),
            next_attempt_s=self._later(), facets={"poster": self.draw.choice("xy")},
            metadata={"fetched_at": "2033-05-18T03:33:20+00:00", "imdb_id": f"tt{tmdb_id:07d}"},
        )  # fmt: skip

    def _later(self) -> float:
        if self.draw.random() > 0.3:
            return 0.0
        return self.now_s + self.draw.choice([_HOUR_S, 7 * _DAY_S]) * self.draw.random()

    def _do_wait(self) -> None:
        self.now_s += self.draw.choice([60.0, _HOUR_S, _DAY_S, 40 * _DAY_S]) * self.draw.random()

    def _do_set_the_clock_back(self) -> None:
        self.now_s -= self.draw.choice([10.0, 700.0, 2 * _DAY_S])

    def _do_change_a_movie(self) -> None:
        self.run_context.ledger.know_movies(dict.fromkeys(self._movies(), str(self.now_s)))

    def _do_add_a_movie(self) -> None:
        new = 1 + max(self.run_context.ledger.movies())
        self.run_context.ledger.know_movies({new: ""})

    def _do_intend(self) -> None:
        spec = self.draw.choice(self.specs)
        self.run_context.ledger.intend(spec.name, self._movies()[0], {"files": []})

    def _do_forget(self) -> None:
        names = [self.draw.choice(self.specs).name]
        statuses = [status.value for status in Status]
        self.run_context.ledger.forget(names, self._movies(), statuses)

    def _do_retry_now(self) -> None:
        self.run_context.ledger.retry_now([spec.name for spec in self.specs])

    def _do_restore(self) -> None:
        """Rows come back as they were, such as from the journal."""
        name = self.draw.choice(self.specs).name
        rows = self.run_context.ledger.rows(name, self._movies())
        older = {i: replace(row, content_hash="old", is_published=False) for i, row in rows.items()}
        self.run_context.ledger.restore(name, older)

    def _do_raise_a_code_version(self) -> None:
        n = self.draw.randrange(len(self.specs))
        spec = self.specs[n]
        self.specs[n] = replace(spec, code_version=spec.code_version + "+")

    def _do_change_a_setting(self) -> None:
        name, values = self.draw.choice([
            ("record_days", ["", "0", "30"]), ("preset", list(PRESETS)),
            ("trailer_lines", ["", "240"]), ("backbones", ["", "resnet18"]),
            ("imdbpro_cookie", ["", "a=b"]), ("trailers", ["", str(self._own_folder())]),
        ])  # fmt: skip
        self.given[name] = self.draw.choice(values)
        self.run_context = self._open()

    def _own_folder(self) -> Path:
        folder = self.folder / "own"
        folder.mkdir(exist_ok=True)
        return folder

    def _do_change_own_trailers(self) -> None:
        path = self._own_folder() / f"{self._movies()[0]}.mp4"
        if path.exists() and self.draw.random() < 0.5:
            path.unlink()
        else:
            path.write_bytes(b"x" * self.draw.randint(1, 9))
            os.utime(path, (self.now_s, self.now_s))

    def _do_pause_trailers(self) -> None:
        context = self.run_context
        cooldown = open_cooldown(context.settings, context.ledger, context.clock)
        if cooldown.current() and self.draw.random() < 0.5:
            cooldown.end()
        else:
            cooldown.begin(Reason.BOT_CHECK)

    def _do_wipe_an_asset(self) -> None:
        self.instance.wipe_assets([dg.AssetKey(self.draw.choice(self.specs).name)])

    def _do_lose_events(self) -> None:
        """A run is deleted in the UI, and its movies' events with it."""
        lost = sa.delete(Events).where(Events.c.partition.in_([str(i) for i in self._movies()]))
        with self._events().index_connection() as connection:
            connection.execute(lost)

    def _do_go_to_another_home(self) -> None:
        self.instance = self._open_home()
