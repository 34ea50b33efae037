"""What the pages name exists: files, folders, modules, classes and functions."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
TOP = ("pipeline", "assets", "resources", "tests", "docs", "findings", "deploy", ".ci")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_paths_in_a_page_exist(page):
    text = page.read_text(encoding="utf-8")
    paths = re.findall(rf"`((?:{'|'.join(map(re.escape, TOP))})/[\w./-]*)`", text)
    missing = [path for path in paths if not (ROOT / path).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_modules_in_a_page_exist(page):
    text = page.read_text(encoding="utf-8")
    for dotted in re.findall(r"`((?:pipeline|assets|resources)(?:\.\w+)+)`", text):
        path = ROOT / dotted.replace(".", "/")
        module, name = path.with_suffix(".py"), path.name
        inside = path.parent.with_suffix(".py")
        assert (
            module.exists()
            or path.is_dir()
            or (inside.exists() and re.search(rf"\b{name}\b", inside.read_text(encoding="utf-8")))
        ), dotted
