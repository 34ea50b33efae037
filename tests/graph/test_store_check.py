"""What is lost of a store or a ledger comes back, and nothing is fetched that is there."""

import shutil

import pytest
from commands import marquee
from sites import MOVIE_STAGES

from assets.orchestration.store_check import check_files
from resources.doctor.storage_checks import check_agreement


@pytest.fixture
def site(open_site):
    return open_site(size=3, stages=MOVIE_STAGES)


def verify(site, *options):
    return marquee("verify", *options, cwd=site.folder, environment=site.environment, check=False)


def check(site, **options):
    with site.run_context() as run_context:
        return check_files(run_context, **options)


def test_store_as_it_was_built_agrees_with_its_ledger(site):
    assert check(site, with_content=True).is_clean


def test_lost_and_damaged_files_are_named_and_computed_again(site):
    posters = sorted((site.store / "posters").iterdir())
    posters[0].unlink()
    posters[1].write_bytes(b"something else")
    shutil.rmtree(site.store / "embeddings" / "text")
    result = verify(site, "--content")
    assert result.returncode == 1
    assert "row without its file" in result.stdout
    assert "file is not what was kept" in result.stdout
    assert "text_embeddings" in result.stdout
    assert verify(site, "--content", "--repair").returncode == 0
    site.reset_stats()
    site.build()
    assert site.asked("image") == 2
    assert site.asked("trailer") == 0
    assert check(site, with_content=True).is_clean
    assert "agree" in verify(site).stdout


def test_lost_ledger_is_restored_without_a_request_for_media(site, caplog):
    before = {asset: site.rows(asset) for asset in ("posters", "trailers", "frame_embeddings")}
    assert not check_agreement("", str(site.store))
    for path in site.store.glob("ledger.sqlite*"):
        path.unlink()
    (finding,) = check_agreement("", str(site.store))
    assert not finding.is_ok
    assert "the ledger is empty" in finding.detail
    posters = sorted((site.store / "posters").iterdir())
    posters[0].write_bytes(b"not what was kept")
    site.reset_stats()
    site.build()
    assert "rows were restored from the store" in caplog.text
    assert (site.asked("image"), site.asked("trailer")) == (1, 0)
    for asset, rows in before.items():
        after = site.rows(asset)
        assert {i: r.content_hash for i, r in after.items()} == {
            i: r.content_hash for i, r in rows.items()
        }
    site.assert_dagster_shows_the_ledger()


def test_lost_store_is_filled_again_although_the_ledger_was_kept(site, tmp_path, caplog):
    for path in site.store.glob("ledger.sqlite*"):
        shutil.copy(path, tmp_path / path.name)
    site.more |= {"ledger": f"sqlite:///{tmp_path}/ledger.sqlite"}
    assert not check_agreement(site.more["ledger"], str(site.store))
    shutil.rmtree(site.store)
    result = marquee("doctor", cwd=site.folder, environment=site.environment, check=False)
    assert result.returncode == 1
    assert "results of 3 movies" in " ".join(result.stdout.split())
    assert site.build() == 3
    assert "results are computed again" in caplog.text
    assert check(site, with_content=True).is_clean
    assert site.build() == 0
