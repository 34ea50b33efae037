"""`marquee up`: what it says where something is missing."""

import pytest
from commands import marquee

from pipeline.core.errors import ConfigurationError
from resources.cluster import local_cluster


def test_without_cluster_it_says_that_nothing_has_to_be_started(tmp_path):
    answer = marquee("up", cwd=tmp_path, check=False)
    assert answer.returncode == 2
    assert "marquee up --cluster" in answer.stderr
    assert not list(tmp_path.iterdir())


def test_missing_packages_name_the_extra(monkeypatch):
    known = local_cluster.find_spec
    monkeypatch.setattr(
        local_cluster, "find_spec", lambda name: None if name == "ray" else known(name)
    )
    with pytest.raises(ConfigurationError, match=r"needs ray\[default\].*--extra cluster"):
        local_cluster.check_installed()
