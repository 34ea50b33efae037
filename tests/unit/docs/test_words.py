"""The words of the product are those of its field: what may not come back, and what to write.

`docs/glossary.md` explains the terms. A stored value or a public option that keeps an old word
stands in `KEPT`, with the reason.
"""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

INSTEAD = {
    r"docket": "work plan",
    r"scribe": "event publisher",
    r"knobs?": "hyperparameters, settings",
    r"judg(e|es|ed|ing|ements?)": "evaluate, check, decide",
    r"told": "the name of the thing: progress, message, counts",
    r"said": "predicted, preds, message, stated",
    r"(hang|hangs|hanging|hung) on": "depends on",
    r"workplaces?": "run context",
    r"forerunners?": "reference implementation",
    r"trivial answers?": "naive baseline",
    r"(is|are|was|were|be) taken up|takes? up|take it up": "resumes, picks up",
    r"(made?|make|makes|making) (it )?anew": "recompute",
    r"mend(s|ed|ing)?": "fix",
    r"(lay|lays|laid) (all |them )?(models |systems )?side by side": "compare",
    r"(give|gives|given) out": "export",
    r"for ever": "permanently",
    r"reachable limits?": "noise ceiling",
    r"prior draws?": "stratified random baseline",
    r"seed[ _]?00[0-4]": "reference implementation 000",
}
"""Word, as a regular expression, and what to write instead."""

KEPT = re.compile(
    r"seed000|trailer_frames_seed004|_seed000\b|fields_told_by|random ones do not judge"
    # ids of public file formats and of test data, and what is stored in records and regions
    r"|y_said|\"said\": |\[\"said\"\]"  # keys of evaluation_results.json
    r"|\"reachable limit\"|\"prior draw\""  # variants in evaluation_results.json and baselines
    r"|\"told_by\"|\"knobs\""  # keys of saved models, reports and Trailers12k's results
    r"|\"forerunners\""  # a column of the packed features
)
"""Stored values and public names that are older than the list."""

EXCLUDED = {Path(__file__).resolve(), ROOT / "resources/studio/catalogue/words.py"}
"""This list, and the vocabulary of the synthetic plots, in which judges and mending occur."""

IMPERATIVES_NOT_MEANT = ("Give", "Say", "Tell", "Ask")
"""First words of docstrings that say nothing of what happens: Return, Load, Write, Describe."""

_WORDS = re.compile(rf"(?<![A-Za-z])({'|'.join(INSTEAD)})(?![A-Za-z])", re.IGNORECASE)


def _tracked(*patterns: str) -> list[Path]:
    """List files that git knows, or would; in an export without git, those that are there."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    names = listed.stdout.splitlines()
    if listed.returncode:
        names = [str(p.relative_to(ROOT)) for pattern in patterns for p in ROOT.rglob(pattern)]
    paths = (ROOT / name for name in names)
    return [path for path in paths if path.exists() and path not in EXCLUDED]


def _names_of(tree: ast.AST) -> Iterator[str]:
    """Yield every name that code defines: functions, classes, arguments, variables, attributes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


@pytest.mark.parametrize("pattern", ["*.py", "*.md", "*.html", "*.toml"])
def test_no_word_of_the_list_comes_back(pattern):
    found = []
    for path in _tracked(pattern):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            spaced = re.sub(r"(?<=[a-z0-9])_(?=[a-z])|(?<=[a-z])(?=[A-Z])", " ", KEPT.sub("", line))
            if word := _WORDS.search(spaced):
                found.append(f"{path.relative_to(ROOT)}:{number}: {word.group()}")
    assert not found, "\n".join(found)


def test_code_says_movie_and_not_film():
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in _tracked("pipeline/*.py", "assets/*.py", "resources/*.py")
        for name in sorted(set(_names_of(ast.parse(path.read_text(encoding="utf-8")))))
        if re.search(r"film(?!e)", name, re.IGNORECASE) and name not in OPTIONS
    ]
    assert not found, "\n".join(found)


OPTIONS = {"films", "Films"}
"""Options of the command line, whose parameters bear their names."""


def test_docstrings_begin_with_what_happens():
    found = []
    for path in _tracked("pipeline/*.py", "assets/*.py", "resources/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                first = (ast.get_docstring(node) or "").partition(" ")[0]
                if first in IMPERATIVES_NOT_MEANT:
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno}: {first}")
    assert not found, "\n".join(found)
