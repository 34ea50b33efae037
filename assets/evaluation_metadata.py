"""What the UI shows beside an evaluation: scores as a table, verdicts, and pictures that fit.

What belongs here: the metadata. What does not: scores (see `pipeline.evaluation`).
"""

from collections.abc import Mapping
from pathlib import Path

import dagster as dg

from resources.workplace import Workplace


def verdicts(summary: Mapping) -> list[str]:
    """Give the plain sentences of a summary, one per split and model."""
    return [
        f"{split}: {result['verdict']}"
        for split, content in summary["splits"].items()
        for result in content["results"].values()
        if "verdict" in result
    ]


def describe(workplace: Workplace, summary: Mapping, paths: Mapping[str, Path]) -> dict:
    """Give the metadata of an evaluation: figures, sentences and pictures."""
    from pipeline.evaluation.report import CONFUSION_FILE, CURVES_FILE, REPORT_FILE

    lines = "\n".join(f"- {line}" for line in verdicts(summary))
    return {
        "source": workplace.source.label,
        "backbones": summary["weights"],
        "macro_f1": dg.MetadataValue.table(_macro_f1(summary)),
        "verdicts": dg.MetadataValue.md(lines),
        "confusion_matrix": _picture(paths[CONFUSION_FILE]),
        "training_curves": _picture(paths[CURVES_FILE]),
        "report": dg.MetadataValue.path(str(paths[REPORT_FILE].absolute())),
    }


def _macro_f1(summary: Mapping) -> list[dg.TableRecord]:
    return [
        dg.TableRecord(
            {
                "split": split,
                "answer": variant,
                **{k: round(v, 4) for k, v in result["scores"]["macro_f1_score"].items()},
            }
        )
        for split, content in summary["splits"].items()
        for variant, result in content["results"].items()
    ]


DIALOG_PX = 1040
"""Width at which a picture fits Dagster's dialog in a window of 1366 px; it does not scale."""


def _picture(path: Path) -> dg.MarkdownMetadataValue:
    import base64
    import io

    from PIL import Image

    with Image.open(path) as full:
        picture = full.convert("RGB")
    picture.thumbnail((DIALOG_PX, 4 * DIALOG_PX))
    content = io.BytesIO()
    picture.quantize(64).save(content, "PNG", optimize=True)
    data = base64.b64encode(content.getvalue()).decode()
    return dg.MetadataValue.md(f"![{path.name}](data:image/png;base64,{data})")
