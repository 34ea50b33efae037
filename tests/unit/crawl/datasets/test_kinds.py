"""Every kind has a reader, loaded only when it is asked for."""

import subprocess
import sys

import pytest

from pipeline.core.errors import DumpError
from pipeline.crawl.datasets.kinds import KINDS, open_reader


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_read_by_the_module_that_says_so(kind):
    module = sys.modules[open_reader(kind).__module__]
    assert kind == module.KIND


@pytest.mark.parametrize("kind", KINDS)
def test_every_reader_refuses_an_empty_folder_by_name(kind, tmp_path):
    with pytest.raises(DumpError, match=tmp_path.name):
        list(open_reader(kind)(tmp_path))


@pytest.mark.parametrize("kind", ["", "tmdb", "../tmdb5000", "kinds", "os"])
def test_unknown_kind_is_told_with_those_there_are(kind):
    with pytest.raises(DumpError, match="there are tmdb5000, movies-dataset"):
        open_reader(kind)


def test_list_of_kinds_loads_no_reader():
    code = (
        "import sys, pipeline.crawl.datasets.kinds\n"
        "print([name for name in sys.modules if name.startswith('pipeline.crawl.datasets.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "tmdb5000" not in done.stdout
