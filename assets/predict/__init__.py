"""Predictions for one movie by the trained models of a store; `Predictor` is for users of Python.

Example:
    from assets.predict import MovieInputs, Predictor

    with Predictor.open() as predictor:
        for prediction in predictor.predict(MovieInputs(plot="…", budget_usd=5e7)):
            print(prediction.system, prediction.answer)
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # they load torch, which definitions do without
    from assets.predict.predictor import Predictor
    from pipeline.predict.inputs import MovieInputs

__all__ = ["MovieInputs", "Predictor"]


def __getattr__(name: str):
    """Load a public name when it is asked for."""
    if name == "Predictor":
        from assets.predict.predictor import Predictor

        return Predictor
    if name == "MovieInputs":
        from pipeline.predict.inputs import MovieInputs

        return MovieInputs
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
