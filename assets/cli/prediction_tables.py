"""Predictions as tables that fit 80 columns."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from assets.predict.predictor import Predictions
from pipeline.predict.predictions import Prediction
from pipeline.predict.wording import describe_prediction

LABEL_CHARS = 22
"""Width of the labels, so that the texts of all blocks stand below each other."""


def print_predictions(predictions: Predictions, console: Console) -> None:
    """Print what was asked about, a block per task, and remarks."""
    record = predictions.record
    year = f" ({record.release_date.year})" if record.release_date else ""
    console.print(Text(f"{record.title or 'A film without a title'}{year}", "bold"))
    console.print(Text(f"given: {', '.join(predictions.has)}"))
    for one in predictions:
        console.print()
        _print_prediction(one, console)
    for remark in predictions.remarks:
        console.print(Text(f"\n{remark}"))


def _print_prediction(one: Prediction, console: Console) -> None:
    console.print(Text.assemble((one.system, "bold"), f", {one.task}"))
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 2))
    table.add_column(no_wrap=True, min_width=LABEL_CHARS)
    table.add_column(overflow="fold")
    for label, text in describe_prediction(one):
        table.add_row(Text(label), Text(text, "bold" if label == "predicts" else ""))
    console.print(table)
