"""Metadata of an evaluation in Dagster's UI: scores as a table, verdicts, scaled plots."""

from collections.abc import Mapping
from pathlib import Path

import dagster as dg

from resources.run_context import RunContext


def list_verdicts(summary: Mapping) -> list[str]:
    """List the verdicts of a summary, one per task, split and model."""
    return [
        f"{split}: {result['verdict']}"
        for task in summary["tasks"].values()
        for split, content in task["splits"].items()
        for result in content["results"].values()
        if "verdict" in result
    ]


def describe(run_context: RunContext, summary: Mapping, paths: Mapping[str, Path]) -> dict:
    """Return the metadata of an evaluation: scores, verdicts and plots."""
    from pipeline.evaluation.report.stored_results import REPORT_FILE

    lines = "\n".join(f"- {line}" for line in list_verdicts(summary))
    return {
        "source": run_context.source.label,
        "backbones": summary["weights"],
        "scores": dg.MetadataValue.table(_main_scores(summary)),
        "verdicts": dg.MetadataValue.md(lines),
        **{path.stem: _scaled(path) for path in paths.values() if path.suffix == ".png"},
        "report": dg.MetadataValue.path(str(paths[REPORT_FILE].absolute())),
    }


def _main_scores(summary: Mapping) -> list[dg.TableRecord]:
    from pipeline.evaluation.wording import variant_title

    return [
        dg.TableRecord(
            {
                "task": name,
                "split": split,
                "variant": variant_title(variant),
                "score": task["main_metric"],
                **{
                    end: None if value is None else round(value, 4)
                    for end, value in result["scores"][task["main_metric"]].items()
                },
            }
        )
        for name, task in summary["tasks"].items()
        for split, content in task["splits"].items()
        for variant, result in content["results"].items()
    ]


DIALOG_PX = 1040
"""Width of an image that fits Dagster's dialog in a window of 1366 px; the UI does not scale."""


def _scaled(path: Path) -> dg.MarkdownMetadataValue:
    import base64
    import io

    from PIL import Image

    with Image.open(path) as full:
        image = full.convert("RGB")
    image.thumbnail((DIALOG_PX, 4 * DIALOG_PX))
    content = io.BytesIO()
    image.quantize(64).save(content, "PNG", optimize=True)
    data = base64.b64encode(content.getvalue()).decode()
    return dg.MetadataValue.md(f"![{path.name}](data:image/png;base64,{data})")
