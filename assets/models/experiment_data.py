"""What all experiments of one system share: features, splits, targets, posters and frames."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from assets.models.experiments import Experiment
from assets.orchestration.asset_specs import FRAMES_FILE, POSTER_FILE
from assets.splits.features import load_features
from assets.splits.split_options import load_options
from assets.splits.system_splits import load_splits, read_unsplit
from pipeline.core.outcomes import Status
from pipeline.core.tasks import Target, TargetOptions, Task
from pipeline.media.poster import load_whole_poster
from pipeline.models.estimators.baselines import predict_baselines
from pipeline.models.estimators.blend_baselines import predict_blend_baselines
from pipeline.models.systems.system import System
from pipeline.models.training.estimator import Estimator, FeatureSet
from pipeline.splits.features import FeatureTable
from pipeline.splits.targets import known_rows, make_target
from resources.run_context import RunContext


@dataclass(frozen=True)
class ExperimentData:
    """What all experiments of one system share.

    Attributes:
        table: The packed features.
        features: What models may look at.
        split_tables: By task, a column per split: which set each movie is in.
        options: Of targets.
        unsplit: By task and split, why there is no such split.
    """

    table: FeatureTable
    features: FeatureSet
    split_tables: Mapping[str, pd.DataFrame]
    options: TargetOptions
    unsplit: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def has(self, experiment: Experiment) -> bool:
        """Whether there is all that the experiment requires."""
        return not self.find_lack(experiment)

    def find_lack(self, experiment: Experiment) -> str:
        """Return why an experiment cannot be trained: too few movies for its split, or none with
        what it reads; "" where it can.
        """
        task = experiment.task.name
        if experiment.split not in self.split_tables[task]:
            why = f"too few films; see {experiment.system.name}_splits for counts and reasons"
            return self.unsplit.get(task, {}).get(experiment.split, why)
        estimator: Estimator = experiment.system.estimators()[experiment.variant]
        return estimator.find_lack(self.table, self.rows(experiment, "train"))

    def split(self, experiment: Experiment) -> np.ndarray:
        """Return "train", "val", "test" or "" per movie."""
        return self.split_tables[experiment.task.name][experiment.split].to_numpy()

    def rows(self, experiment: Experiment, name: str) -> np.ndarray:
        """Return the rows of one set: "train", "val" or "test"."""
        return np.flatnonzero(self.split(experiment) == name)

    def target(self, experiment: Experiment) -> Target:
        """Compute an experiment's target; what is fitted is fitted on its training set."""
        train_rows = self.rows(experiment, "train")
        return make_target(experiment.task, self.table.table, train_rows, self.options)

    def features_of(self, experiment: Experiment) -> FeatureSet:
        """Return what an experiment's network may look at, and its system's extra targets."""
        is_trained_on, extra = self.split(experiment) == "train", []
        for task in experiment.system.extra_tasks:
            known, _ = known_rows(task, self.table.table, self.options)
            if (rows := np.flatnonzero(is_trained_on & known)).size:
                extra.append(make_target(task, self.table.table, rows, self.options))
        return replace(self.features_for(experiment.task), extra_targets=tuple(extra))

    def features_for(self, task: Task) -> FeatureSet:
        """Return the features without the columns that contain the task's target."""
        table = self.table.without_columns(task.leaking_column_prefixes)
        return replace(self.features, table=table)

    def predict_baselines(self, system: System, task: Task, split: str) -> dict[str, np.ndarray]:
        """Fit a split's baselines and predict its test set; by name.

        They read what the models beside them read, and are fitted to the same movies: those of a
        blend to training and validation set together, as its members are.
        """
        train, both, test = self._rows_of(task, split)
        target = make_target(task, self.table.table, train, self.options)
        fit_rows, boosts = (both, False) if system.is_blend else (train, True)
        preds = predict_baselines(self.features_for(task), target, fit_rows, test, boosts=boosts)
        if set(system.blend_variants) & set(system.variants_on(split, tuple(system.estimators()))):
            preds |= self.predict_blend_baselines(task, split)
        return preds

    def predict_blend_baselines(self, task: Task, split: str) -> dict[str, np.ndarray]:
        """Fit the baselines that stand beside a blend and predict a split's test set; by name."""
        train, both, test = self._rows_of(task, split)
        target = make_target(task, self.table.table, train, self.options)
        return predict_blend_baselines(self.features_for(task), target, both, test)

    def _rows_of(self, task: Task, split: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the rows of a training set, of it with the validation set, and of the test set."""
        sets = self.split_tables[task.name][split].to_numpy()
        train, val, test = (np.flatnonzero(sets == name) for name in ("train", "val", "test"))
        return train, np.concatenate([train, val]), test


def open_experiment_data(
    run_context: RunContext, system: System, task: Task | None = None
) -> ExperimentData:
    """Open features and splits of a system, or of one of its tasks alone."""
    table = load_features(run_context)
    tasks = system.tasks if task is None else (task,)
    splits = {one.name: load_splits(run_context, system, one, table) for one in tasks}
    features = FeatureSet(
        table=table,
        records=table.records,
        revenue_usd=table.table["revenue_usd"].to_numpy(),
        load_poster=_loader(run_context, table, "posters", read_poster_of),
        load_frames=_loader(run_context, table, "trailer_frames", read_frames_of),
    )
    unsplit = {one.name: read_unsplit(run_context, system, one) for one in tasks}
    return ExperimentData(table, features, splits, load_options(run_context, system), unsplit)


def _loader(
    run_context: RunContext,
    table: FeatureTable,
    asset: str,
    read: Callable[[RunContext, int], np.ndarray],
) -> Callable[[int], np.ndarray | None]:
    rows = run_context.ledger.rows(asset)
    has = {tmdb_id for tmdb_id, row in rows.items() if row.status == Status.OK}
    ids = table.table["tmdb_id"].to_numpy()

    def load(row: int) -> np.ndarray | None:
        tmdb_id = int(ids[row])
        return read(run_context, tmdb_id) if tmdb_id in has else None

    return load


def read_poster_of(run_context: RunContext, tmdb_id: int) -> np.ndarray:
    """Read a movie's stored poster, uint8 RGB (height, width, 3)."""
    return load_whole_poster(POSTER_FILE.path(run_context.store, tmdb_id).read_bytes())


def read_frames_of(run_context: RunContext, tmdb_id: int) -> np.ndarray:
    """Read a movie's stored frames, uint8 RGB (up to 30, 224, 224, 3)."""
    store = run_context.store
    return store.read_arrays(FRAMES_FILE.path(store, tmdb_id))["frames"]
