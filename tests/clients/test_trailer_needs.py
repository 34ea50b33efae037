"""What trailers need, looked at on real files: each lack is reported apart, with its remedy."""

import sys
from datetime import date
from pathlib import Path

import pytest

from resources.doctor.trailer_checks import (
    check_age,
    check_cookies,
    check_deno,
    check_ejs,
    check_folder,
    check_trailer_needs,
    check_yt_dlp,
    compare_ejs,
)
from resources.settings import Settings
from resources.trailers.js_runtime import find_deno, start_deno

TODAY = date(2026, 11, 20)
HEADER = "# Netscape HTTP Cookie File\n"
LOGIN = "".join(
    f".youtube.com\tTRUE\t/\tTRUE\t4000000000\t{name}\tvalue-of-{name}\n"
    for name in ("LOGIN_INFO", "SAPISID")
)


def test_everything_is_there_as_installed():
    found = {finding.name: finding for finding in check_trailer_needs(Settings(), TODAY)}
    assert [name for name, finding in found.items() if finding.is_ok] == [
        "yt-dlp", "yt-dlp-ejs", "JavaScript runtime", "trailer height",
    ]  # fmt: skip
    assert {finding.is_ok for finding in found.values()} == {True, None}
    assert "days old" in found["yt-dlp"].detail
    assert all(finding.remedy for finding in found.values() if not finding.is_ok)


def test_missing_packages_are_reported(monkeypatch):
    for name in ("yt_dlp", "yt_dlp.version", "yt_dlp_ejs"):
        monkeypatch.setitem(sys.modules, name, None)
    for finding in (check_yt_dlp(TODAY), check_ejs()):
        assert finding.is_ok is False
        assert "not installed" in finding.detail
        assert "uv sync" in finding.remedy


def test_old_yt_dlp_is_reported_with_its_age():
    finding = check_age("2026.01.15", TODAY)
    assert finding.is_ok is False
    assert "309 days old" in finding.detail
    assert "--upgrade-package yt-dlp" in finding.remedy
    assert check_age("2026.08.22", TODAY).is_ok
    assert check_age("built by hand", TODAY).is_ok is None


def test_ejs_of_another_version_is_reported_apart_from_none():
    other = compare_ejs("0.7.0", "0.8.0")
    assert (other.is_ok, other.detail) == (False, "version 0.7.0, but this yt-dlp requires 0.8.0")
    assert "not installed" in compare_ejs(None, "0.8.0").detail


def program(folder, script):
    folder.mkdir(exist_ok=True)
    path = folder / "deno"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("script", "output"),
    [
        ("exit 3", "exit status 3"),
        ("echo cannot load libc.so >&2; exit 127", "cannot load libc.so"),
        ("echo something else", "does not start"),
        ("echo deno 1.40.0", "deno 1.40.0, but yt-dlp requires 2.3.0 or later"),
    ],
)
def test_runtime_that_does_not_start_is_reported_apart_from_an_old_one(tmp_path, script, output):
    finding = check_deno(program(tmp_path / "bin", script))
    assert finding.is_ok is False
    assert output in finding.detail
    assert finding.remedy


def test_runtime_of_another_machine_does_not_start(tmp_path):
    path = program(tmp_path / "bin", "")
    path.write_bytes(b"\x7fELF of another machine")
    assert "does not start" in check_deno(path).detail


def test_no_runtime_is_reported(tmp_path):
    assert find_deno((tmp_path,)) is None
    finding = check_deno(None)
    assert (finding.is_ok, "deno is missing" in finding.detail) == (False, True)


def test_runtime_is_found_beside_this_python_without_a_path(monkeypatch):
    monkeypatch.setenv("PATH", "")
    found = find_deno()
    assert found is not None
    assert found.parent == Path(sys.executable).parent
    assert start_deno(found)[0]


def test_yt_dlp_is_reported_of_that_runtime():
    from resources.trailers.downloader import open_downloader
    from resources.trailers.options import TrailerLimits

    downloader = open_downloader(
        "http://127.0.0.1:1/", TrailerLimits(), extractors=("generic",), is_near=True
    )
    info = downloader._js_runtimes["deno"].info
    assert (info.path, info.supported) == (str(find_deno()), True)
    downloader.close()


@pytest.mark.parametrize(
    ("text", "output"),
    [
        (None, "cannot be read"),
        ("nonsense", "not a cookies file"),
        (HEADER + LOGIN.replace("4000000000", "1000000000"), "expired"),
        (HEADER + LOGIN.replace("LOGIN_INFO", "OTHER"), "without a login"),
        (HEADER + LOGIN.replace("youtube.com", "example.org"), "no cookie of youtube.com"),
    ],
)
def test_cookies_are_reported_apart(tmp_path, text, output):
    path = tmp_path / "cookies.txt"
    if text is not None:
        path.write_text(text)
    finding = check_cookies(str(path), TODAY)
    assert finding.is_ok is False
    assert output in finding.detail
    assert "Export it again" in finding.remedy


def test_cookies_with_a_login_are_fine_and_none_are_not_looked_at(tmp_path):
    path = tmp_path / "cookies.txt"
    path.write_text(HEADER + LOGIN)
    assert check_cookies(str(path), TODAY).is_ok
    assert check_cookies("", TODAY).is_ok is None


def test_folder_tells_how_many_it_has_and_which_it_cannot_place(tmp_path):
    assert check_folder(str(tmp_path / "none")).is_ok is False
    assert check_folder(str(tmp_path)).is_ok is None
    (tmp_path / "597.mp4").write_bytes(b"x")
    assert check_folder(str(tmp_path)).is_ok
    (tmp_path / "my favourite.mp4").write_bytes(b"x")
    finding = check_folder(str(tmp_path))
    assert (finding.is_ok, "my favourite.mp4" in finding.detail) == (False, True)
