"""Every kind has a reader, loaded only when it is asked for."""

import subprocess
import sys

import pytest

from pipeline.core.errors import DumpError
from pipeline.crawl.datasets.registry import DUMP_KINDS, load_reader


@pytest.mark.parametrize("kind", DUMP_KINDS)
def test_every_kind_is_read_by_the_module_that_says_so(kind):
    module = sys.modules[load_reader(kind).__module__]
    assert kind == module.KIND


@pytest.mark.parametrize("kind", DUMP_KINDS)
def test_every_reader_rejects_an_empty_folder_by_name(kind, tmp_path):
    with pytest.raises(DumpError, match=tmp_path.name):
        list(load_reader(kind)(tmp_path))


@pytest.mark.parametrize("kind", ["", "tmdb", "../tmdb5000", "kinds", "os"])
def test_unknown_kind_is_rejected_with_a_list_of_those_there_are(kind):
    with pytest.raises(DumpError, match="choose one of tmdb5000, movies-dataset"):
        load_reader(kind)


def test_list_of_kinds_loads_no_reader():
    code = (
        "import sys, pipeline.crawl.datasets.registry\n"
        "print([name for name in sys.modules if name.startswith('pipeline.crawl.datasets.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "tmdb5000" not in done.stdout
