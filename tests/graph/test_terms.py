"""Terms of records: requested again in time, shown where they are kept too long, never dropped
silently.
"""

import csv
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import requests
from accounts import say

from assets.cli.build import Request, build
from assets.crawl.catalog_crawl import CATALOG_SCOPE
from assets.evaluation.notices import find_notices
from assets.exports.export import EXPORTS, export
from assets.exports.export_job import NO_TERMS
from assets.orchestration.asset_specs import RECORD_FILE, movie_spec
from assets.orchestration.checks import check_last_lawful_day
from assets.orchestration.jobs import stale_ranges
from assets.orchestration.record_age import find_kept_too_long
from pipeline.core.errors import ConfigurationError, SourceError, TermsError
from pipeline.core.staleness import RECORDS
from pipeline.core.terms import TERMS, TERMS_KEY, TMDB_NOTICE, describe_terms
from pipeline.exports.manifest import find_problems
from resources.run_context import open_run_context

CRAWL = ("crawl",)
DAY_S = 86_400.0


@pytest.fixture
def tmdb(open_site):
    """A site whose films are TMDB's: its host has a name by which no studio is known."""
    site = open_site(size=3)
    site.studio = replace(site.studio, url=site.studio.url.replace("127.0.0.1", "127.1"))
    with site.run_context() as run_context:
        assert run_context.source.name == "tmdb"
        run_context.ledger.set_note(CATALOG_SCOPE, json.dumps(["1900-01-01", 0]))
    build_records(site)
    return site


def build_records(site, **more):
    """Build records; `more` are settings."""
    settings = site.settings.model_copy(update={"imdbpro_cookie": "", **more})
    with open_run_context(settings) as run_context:
        return build(run_context, site.instance, Request(stages=CRAWL))


def age(site, days, *tmdb_ids, has_terms=True):
    """Have records been read so many days before they were; all of them by default."""
    with site.run_context() as run_context:
        rows = run_context.ledger.rows(RECORDS, tmdb_ids or None)
        read_s = run_context.clock() - days * DAY_S
        terms = describe_terms("tmdb", read_s)
        for tmdb_id, row in rows.items():
            known = {k: v for k, v in row.metadata.items() if k not in terms}
            known |= {k: v for k, v in terms.items() if k != "source"} if has_terms else {}
            path = RECORD_FILE.path(run_context.store, tmdb_id)
            record = json.loads(path.read_bytes())
            del record[TERMS_KEY]
            record |= {TERMS_KEY: [terms]} if has_terms else {}
            path.write_text(json.dumps(record))
            rows[tmdb_id] = replace(row, metadata=known)
        run_context.ledger.write(RECORDS, rows, now_s=read_s)


def stale(site, **more):
    """Return the movies whose records a build would request."""
    with site.run_context(**more) as run_context:
        ranges = stale_ranges(run_context, site.instance, specs=[movie_spec(RECORDS)])
    return {int(key) for keys in ranges for key in keys}


def requested(site):
    return {path for path in site.stats()["paths"] if path.rsplit("/", 1)[-1].isdigit()}


def stored(site, tmdb_id):
    return json.loads((site.store / "movies" / f"{tmdb_id}.json").read_bytes())


def test_record_carries_source_terms_time_of_reading_and_last_lawful_day(tmdb):
    for tmdb_id, row in tmdb.rows(RECORDS).items():
        (terms,) = stored(tmdb, tmdb_id)[TERMS_KEY]
        read = datetime.fromisoformat(terms["fetched_at"])
        assert timedelta(0) <= datetime.now(UTC) - read < timedelta(minutes=10)
        assert terms == describe_terms("tmdb", read.timestamp())
        assert terms["last_lawful_day"] == str(read.date() + timedelta(days=180))
        assert row.metadata["fetched_at"] == terms["fetched_at"]
        assert row.metadata["last_lawful_day"] == terms["last_lawful_day"]
        assert row.metadata["terms"] == TERMS["tmdb"].terms


def test_record_of_181_days_is_requested_again_and_a_younger_one_is_not(tmdb):
    old, young, _ = tmdb.catalogue.movie_ids()
    age(tmdb, 181, old)
    age(tmdb, 179, young)
    before = tmdb.rows("box_office")
    tmdb.reset_stats()
    assert stale(tmdb) == {old}
    assert build_records(tmdb) == 1
    assert requested(tmdb) == {f"/3/movie/{old}"}
    assert stored(tmdb, old)[TERMS_KEY][0]["fetched_at"][:10] == str(datetime.now(UTC).date())
    assert tmdb.rows("box_office") == before  # what it says is the same
    assert stale(tmdb) == set()


def test_setting_decides_at_which_age_records_are_requested_again(tmdb):
    age(tmdb, 200)
    for days, count in (("", 3), ("0", 0), ("30", 3), ("400", 0)):
        assert len(stale(tmdb, record_days=days)) == count, days
    for days in ("-1", "half a year"):
        with pytest.raises(ConfigurationError, match="MARQUEE_RECORD_DAYS must be a number of at"):
            stale(tmdb, record_days=days)


def test_clock_that_goes_on_makes_records_stale(tmdb):
    for days, count in ((179, 0), (181, 3)):
        with tmdb.run_context() as run_context:
            now_s = run_context.clock() + days * DAY_S
            run_context.clock = lambda now_s=now_s: now_s
            ranges = stale_ranges(run_context, tmdb.instance, specs=[movie_spec(RECORDS)])
            assert sum(map(len, ranges)) == count
            assert len(find_kept_too_long(run_context, RECORD_FILE).waiting) == count


def test_record_of_an_earlier_version_is_requested_at_once_and_counts_from_its_row(tmdb):
    first, *_ = tmdb.catalogue.movie_ids()
    age(tmdb, 200, first, has_terms=False)
    with tmdb.run_context() as run_context:
        assert find_kept_too_long(run_context, RECORD_FILE).waiting == (first,)
    assert build_records(tmdb) == 1
    assert stored(tmdb, first)[TERMS_KEY][0]["source"] == "tmdb"
    with tmdb.run_context() as run_context:
        assert find_kept_too_long(run_context, RECORD_FILE).sentences == []


def test_records_that_a_source_did_not_give_in_time_are_shown_and_stay(tmdb):
    age(tmdb, 185)
    tmdb.order({"path": r"^/3/movie/\d+$", "status": 500})
    build_records(tmdb)
    assert {row.status for row in tmdb.rows(RECORDS).values()} == {"retry"}
    assert all((tmdb.store / "movies" / f"{i}.json").exists() for i in tmdb.catalogue.movie_ids())
    output = say(tmdb)[1]
    assert "3 records are past the last lawful day (TMDB, 180 days as reported)" in output
    assert "marquee build" in output
    assert json.loads(say(tmdb, as_json=True)[1])["records_past_last_lawful_day"] == 3
    with tmdb.run_context() as run_context:
        result = check_last_lawful_day(run_context)
    assert not result.passed
    assert result.metadata["to request again"].value == 3

    tmdb.lift_faults()
    assert build_records(tmdb) == 3
    assert "last lawful day" not in say(tmdb)[1]
    with tmdb.run_context() as run_context:
        assert check_last_lawful_day(run_context).passed


def test_source_that_is_down_for_all_leaves_old_records_and_status_shows_them(tmdb):
    age(tmdb, 181)
    tmdb.order({"path": "/3/", "status": 503})
    with pytest.raises(SourceError, match="maintenance"):
        build_records(tmdb)
    assert "3 records are past the last lawful day" in say(tmdb)[1]


def test_record_of_a_film_that_tmdb_deleted_is_kept_and_named_until_a_person_removes_it(tmdb):
    first, *_ = tmdb.catalogue.movie_ids()
    age(tmdb, 181, first)
    order = {"tmdb_id": first}
    assert requests.post(f"{tmdb.studio.url}/_delete", json=order, timeout=5).ok
    build_records(tmdb)
    row = tmdb.rows(RECORDS)[first]
    assert (row.status, row.reason) == ("absent", "deleted_at_source")
    assert stale(tmdb) == set()  # asked again in half a year, not at every build
    path = tmdb.store / "movies" / f"{first}.json"
    assert path.exists()
    assert f"remove their files, e.g. movies/{first}.json" in say(tmdb)[1]
    path.unlink()
    assert "last lawful day" not in say(tmdb)[1]


def test_reports_of_tmdbs_films_bear_its_notice(tmdb):
    with tmdb.run_context() as run_context:
        (notice,) = find_notices(run_context)
    assert notice == {"name": "TMDB", "text": TMDB_NOTICE, "page": TERMS["tmdb"].page}


def test_films_of_the_studio_have_neither_a_last_lawful_day_nor_a_notice(open_site):
    site = open_site(size=2, stages=CRAWL)
    (terms,) = stored(site, site.catalogue.movie_ids()[0])[TERMS_KEY]
    assert (terms["source"], terms["last_lawful_day"]) == ("studio", "")
    with site.run_context() as run_context:
        assert find_notices(run_context) == []
        now_s = run_context.clock() + 1000 * DAY_S
        run_context.clock = lambda: now_s
        ranges = stale_ranges(run_context, site.instance, specs=[movie_spec(RECORDS)])
        assert (ranges, find_kept_too_long(run_context, RECORD_FILE).sentences) == ([], [])


def read_table(path):
    with path.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle, delimiter="\t" if path.suffix == ".tsv" else ","))


def test_export_of_records_without_terms_is_refused_by_name_and_with_a_remedy(tmdb, tmp_path):
    first, second, third = tmdb.catalogue.movie_ids()
    with tmdb.run_context() as run_context:
        for kind in EXPORTS:
            export(run_context, kind, tmp_path / kind)
    age(tmdb, 10, second, third, has_terms=False)
    title = tmdb.rows(RECORDS)[second].metadata["title"]
    with tmdb.run_context() as run_context:
        for kind in EXPORTS:
            with pytest.raises(TermsError) as caught:
                export(run_context, kind, tmp_path / kind)
            assert f"film {second} ({title}) and those of 1 more" in str(caught.value)
            assert "`uv run marquee build`" in str(caught.value)
            assert find_problems(tmp_path / kind) == []  # the earlier export is as it was
            export(run_context, kind, tmp_path / f"{kind}-of-one", movies=[first])
    build_records(tmdb)
    with tmdb.run_context() as run_context:
        for kind in EXPORTS:
            export(run_context, kind, tmp_path / kind)
            assert find_problems(tmp_path / kind) == []


def test_record_file_that_lost_its_terms_is_refused(tmdb, tmp_path):
    first, *_ = tmdb.catalogue.movie_ids()
    path = tmdb.store / "movies" / f"{first}.json"
    path.write_text(json.dumps({k: v for k, v in stored(tmdb, first).items() if k != TERMS_KEY}))
    with tmdb.run_context() as run_context, pytest.raises(TermsError, match=f"film {first}"):
        export(run_context, "csv", tmp_path / "out")


def test_export_states_terms_in_manifest_table_and_columns(tmdb, tmp_path):
    first, second, _ = tmdb.catalogue.movie_ids()
    age(tmdb, 100, first)
    last = {i: stored(tmdb, i)[TERMS_KEY][0] for i in (first, second)}
    with tmdb.run_context() as run_context:
        export(run_context, "csv", tmp_path / "out", movies=[first, second])
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())["terms"]
    assert manifest["sources"]["tmdb"] == {
        "name": "TMDB", "terms": TERMS["tmdb"].terms, "page": TERMS["tmdb"].page,
        "notice": TMDB_NOTICE, "is_personal_use_only": True, "longest_caching_days": 180,
        "films": 2, "fetched_first": last[first]["fetched_at"],
        "fetched_last": last[second]["fetched_at"],
        "last_lawful_day": last[first]["last_lawful_day"],
    }  # fmt: skip
    assert manifest["last_lawful_day"] == last[first]["last_lawful_day"]
    assert manifest["notices"] == [TMDB_NOTICE]
    rows = read_table(tmp_path / "out" / "terms.tsv")
    for tmdb_id in (first, second):
        (record,) = [r for r in rows if (r["tmdb_id"], r["part"]) == (str(tmdb_id), "record")]
        assert record == {
            **last[tmdb_id], "tmdb_id": str(tmdb_id), "part": "record", "page": TERMS["tmdb"].page,
        }  # fmt: skip
    for row in read_table(tmp_path / "out" / "films.csv"):
        assert {name: row[name] for name in last[first]} == last[int(row["tmdb_id"])]


def test_record_of_a_deleted_film_without_terms_is_left_out_of_an_export(tmdb, tmp_path):
    first, *_ = tmdb.catalogue.movie_ids()
    age(tmdb, 10, first, has_terms=False)
    order = {"tmdb_id": first}
    assert requests.post(f"{tmdb.studio.url}/_delete", json=order, timeout=5).ok
    build_records(tmdb)
    with tmdb.run_context() as run_context:
        job = export(run_context, "parquet", tmp_path / "out")
    assert [*job.left_out["record"].items()] == [(NO_TERMS, [first])]
