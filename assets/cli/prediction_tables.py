"""Predictions as tables that fit 80 columns."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from assets.predict.predictor import Predictions
from pipeline.predict.comparable import ComparableMovie
from pipeline.predict.predictions import Prediction
from pipeline.predict.wording import describe_amount, describe_prediction

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
    if near := predictions.comparable:
        _print_movies("by plot, poster and trailer", near.by_embeddings, console)
        _print_movies("by fields", near.by_fields, console)
        console.print(Text(f"\nFilms released by {near.day}, and what was known by that day."))
    for remark in predictions.remarks:
        console.print(Text(f"\n{remark}"))


def _print_movies(how: str, movies: Sequence[ComparableMovie], console: Console) -> None:
    console.print(Text.assemble("\n", ("comparable films", "bold"), f", {how}"))
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 2))
    table.add_column(no_wrap=True, min_width=LABEL_CHARS)
    table.add_column(overflow="fold")
    for one in movies:
        earned = describe_amount(one.revenue_usd, "US dollars") if one.revenue_usd else "unknown"
        name = Text(f"{one.title} ({one.release_date.year})", "bold")
        table.add_row(Text(f"earned {earned}"), Text.assemble(name, f" {one.reason}"))
    console.print(table if movies else Text("  none: nothing that could be compared is given"))


def _print_prediction(one: Prediction, console: Console) -> None:
    console.print(Text.assemble((one.system, "bold"), f", {one.task}"))
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 2))
    table.add_column(no_wrap=True, min_width=LABEL_CHARS)
    table.add_column(overflow="fold")
    for label, text in describe_prediction(one):
        table.add_row(Text(label), Text(text, "bold" if label == "predicts" else ""))
    console.print(table)
