"""Run a case of ../shared/cases, whose imports are older than the product's present names.

    uv run python tests/real/moved_names.py ../shared/cases/22-picture-with-more-behind/run.py give

The tables below say where each name is now. Only names are translated, and arguments whose form has
changed; inputs and right values stay as they are.
"""

import importlib
import runpy
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from pkgutil import resolve_name
from types import ModuleType

Place = str | Callable[[], object]
"""Where something is now, `module:name`, or what adapts it to the old form."""


def tmdb_client() -> type:
    """Return TMDB's client, defined in `resources.tmdb`: a case looks for the class by that."""
    from resources.sources.tmdb import Tmdb

    return type("Tmdb", (Tmdb,), {"__module__": "resources.tmdb"})


def way() -> Callable[..., dict]:
    """Return what collects a host's address, extractors and nearness, once one argument."""
    return lambda base_url, extractors, is_near: {
        "base_url": base_url, "extractors": extractors, "is_near": is_near,
    }  # fmt: skip


def opener_by_way() -> Callable:
    """Return `open_downloader` with the host as one argument."""
    from resources.trailers.downloader import open_downloader

    return lambda host, limits: open_downloader(limits=limits, **host)


def outcome() -> type:
    """Return `Outcome`, whose `next_attempt_s` was `due_again_s`."""
    from pipeline.core.outcomes import Outcome

    return type("Outcome", (Outcome,), {"due_again_s": property(lambda self: self.next_attempt_s)})


def reasons_against() -> Callable:
    """Return the exclusion of movies from a task, which a task's own rule makes today."""
    from pipeline.core.tasks import TargetContext, TargetOptions
    from pipeline.models.systems.registry import SYSTEMS

    tasks = {task.name: task for system in SYSTEMS for task in system.tasks}

    def reasons(task, table, *, is_by_budget: bool, min_votes: int):
        edges = "budget" if is_by_budget else "quantile"
        options = TargetOptions(revenue_edges=edges, min_votes=min_votes)
        chosen = tasks[task.name]
        if chosen.rule is None:
            raise ValueError(f"{task.name} has no rule")
        return chosen.rule.exclude(TargetContext(chosen, table, options))

    return reasons


FIGURES = "pipeline.crawl.box_office_figures"

MOVED: Mapping[str, Mapping[str, Place]] = {
    "assets.trailer_reading": {"read_frames": "assets.frames.trailer_reading:read_frames"},
    "pipeline.crawl.box_office": {
        "describe_box_office": "pipeline.crawl.box_office_selection:describe_box_office"
    },
    "pipeline.crawl.figures": {
        "from_record": f"{FIGURES}:figures_from_record",
        "read_imported": f"{FIGURES}:read_imported_figures",
    },
    "pipeline.crawl.trailers": {
        "rank_trailers": "pipeline.crawl.tmdb.trailer_ranking:rank_trailers"
    },
    "pipeline.errors": {
        "FetchError": "pipeline.core.errors:FetchError",
        "PosterError": "pipeline.core.errors:PosterError",
    },
    "pipeline.outcomes": {"Outcome": outcome, "Reason": "pipeline.core.outcomes:Reason"},
    "pipeline.records": {"plot_text": "pipeline.core.records:plot_text"},
    "pipeline.splits.unusable": {"reasons_against": reasons_against},
    "pipeline.systems": {
        "SCORE_TASK": "pipeline.models.systems.score:SCORE_TASK",
        "Task": "pipeline.core.tasks:Task",
    },
    "resources.downloader": {"Way": way, "open_downloader": opener_by_way},
    "resources.tmdb": {"Tmdb": tmdb_client},
    "resources.trailer_failures": {
        "classify_failure": "resources.trailers.failures:classify_failure"
    },
    "resources.trailer_limits": {
        "Limits": "resources.trailers.options:TrailerLimits",
        "check_video": "resources.trailers.options:check_video",
    },
    "resources.trailer_options": {"TrailerOptions": "resources.trailers.options:TrailerOptions"},
}
"""Modules that are gone, by their old names."""

LEFT: Mapping[str, Mapping[str, Place]] = {
    "pipeline.crawl.merging": {"merge_answers": "pipeline.crawl.merging:merge_sources"},
    "pipeline.crawl.tmdb": {"parse_details": "pipeline.crawl.tmdb.responses:parse_details"},
    "resources.http": {"HttpClient": "resources.http.client:HttpClient"},
}
"""Modules that are still there, and names that have left them."""


def find(place: Place) -> object:
    """Return what is at a place of the tables."""
    return resolve_name(place) if isinstance(place, str) else place()


class MovedModules(MetaPathFinder, Loader):
    """Imports the modules of `MOVED`, which contain nothing but their old names."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return a spec where the module is one of the table's."""
        return spec_from_loader(fullname, self) if fullname in MOVED else None

    def exec_module(self, module: ModuleType) -> None:
        """Set the old names."""
        for name, place in MOVED[module.__name__].items():
            setattr(module, name, find(place))


def answer_old_names() -> None:
    """Let every import of an old name in this process find what bears a new one."""
    sys.meta_path.append(MovedModules())
    for module, names in LEFT.items():
        setattr(importlib.import_module(module), "__getattr__", _getter(module, names))  # noqa: B010


def _getter(module: str, names: Mapping[str, Place]) -> Callable[[str], object]:
    def get(name: str) -> object:
        if name in names:
            return find(names[name])
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return get


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    del sys.argv[0]
    answer_old_names()
    runpy.run_path(sys.argv[0], run_name="__main__")
