"""Public dumps as a source: films without any key, and what TMDB does not know filled in."""

import csv
import json
from datetime import datetime

import pytest

from assets.cli.build import Request, build
from assets.crawl.dump_import import import_dump, open_for_import
from pipeline.core.errors import ConfigurationError, DumpError
from pipeline.core.terms import describe_terms
from pipeline.crawl.datasets.dump_rows import AcceptedRow
from resources.run_context import open_run_context
from resources.sources.imported_dumps import Identity

MOVIES = "tmdb_5000_movies.csv"
CREDITS = "tmdb_5000_credits.csv"


def write_dump(folder, movies):
    """Write Kaggle's TMDB 5000 of the studio's own films, reported as that dump tells them."""
    folder.mkdir()
    listed = ("genres", "keywords", "production_companies", "production_countries",
              "spoken_languages")  # fmt: skip
    plain = ("budget", "homepage", "id", "original_language", "original_title", "overview",
             "popularity", "release_date", "revenue", "runtime", "status", "tagline", "title",
             "vote_average", "vote_count")  # fmt: skip
    with (folder / MOVIES).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*plain, *listed])
        writer.writeheader()
        for movie in movies:
            lists = {name: movie.get(name) or [] for name in listed}
            lists["keywords"] = movie["keywords"]["keywords"]
            row = {name: movie.get(name, "") for name in plain}
            writer.writerow(row | {name: json.dumps(value) for name, value in lists.items()})
    with (folder / CREDITS).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["movie_id", "title", "cast", "crew"])
        writer.writeheader()
        for movie in movies:
            credits = movie["credits"]
            writer.writerow(
                {"movie_id": movie["id"], "title": movie["title"],
                 "cast": json.dumps(credits["cast"]), "crew": json.dumps(credits["crew"])}
            )  # fmt: skip
    return folder


def details(site):
    return [site.catalogue.details(i) for i in sorted(site.catalogue.movie_ids())]


@pytest.fixture
def site(open_site):
    return open_site(4)


@pytest.fixture
def imports_settings(site):
    """Settings of a place that asks TMDB nothing; its hosts of media are the studio's."""
    return site.settings.model_copy(
        update={
            "tmdb_api_url": "", "tmdb_api_key": "", "imdbpro_cookie": "",
            "source": "imports", "store": str(site.folder / "imported"),
        }
    )  # fmt: skip


def imported(settings, folder, kind="tmdb5000"):
    with open_for_import(settings) as run_context:
        return import_dump(run_context, kind, folder)


def test_films_of_a_dump_are_built_without_a_key_or_a_request(site, imports_settings, tmp_path):
    folder = write_dump(tmp_path / "dump", details(site))
    assert imported(imports_settings, folder).new_movies == 4
    site.reset_stats()
    with open_run_context(imports_settings) as run_context:
        build(run_context, site.instance, Request(stages=("crawl", "media")))
        rows = run_context.ledger.rows("movie_records")
        posters = run_context.ledger.rows("posters")
        imported_at = run_context.ledger.note("imported_at:tmdb5000")
        record = run_context.store.read_json(run_context.store.path("movies", f"{min(rows)}.json"))
    assert {row.status for row in rows.values()} == {"ok"}
    assert {(row.status, row.reason) for row in posters.values()} == {("absent", "not_listed")}
    assert record["marquee_provenance"]["overview"] == "tmdb5000"
    (terms,) = record["marquee_terms"]
    assert terms == describe_terms("tmdb5000", datetime.fromisoformat(imported_at).timestamp())
    assert terms["last_lawful_day"] == ""
    assert not [path for path in site.stats().get("by_path", site.stats()) if "/3/" in str(path)]


def test_second_import_of_the_same_dump_changes_nothing(site, imports_settings, tmp_path):
    folder = write_dump(tmp_path / "dump", details(site))
    imported(imports_settings, folder)
    with open_run_context(imports_settings) as run_context:
        before = run_context.ledger.movies()
    report = imported(imports_settings, folder)
    assert (report.new, report.changed, report.unchanged, report.new_movies) == (0, 0, 4, 0)
    with open_run_context(imports_settings) as run_context:
        assert run_context.ledger.movies() == before


def test_changed_row_makes_its_film_due_and_no_other(site, imports_settings, tmp_path):
    movies = details(site)
    imported(imports_settings, write_dump(tmp_path / "dump", movies))
    with open_run_context(imports_settings) as run_context:
        build(run_context, site.instance, Request(stages=("crawl",)))
    movies[0] = {**movies[0], "overview": "Another plot."}
    report = imported(imports_settings, write_dump(tmp_path / "again", movies))
    assert (report.changed, report.unchanged) == (1, 3)
    with open_run_context(imports_settings) as run_context:
        assert build(run_context, site.instance, Request(stages=("crawl",))) == 1


def test_dump_fills_what_tmdb_does_not_know(site, tmp_path):
    movie = details(site)[0]
    site.edit(movie["id"], budget=0)
    folder = write_dump(tmp_path / "dump", [{**movie, "budget": 123, "overview": "Other."}])
    with open_run_context(site.settings) as run_context:
        import_dump(run_context, "tmdb5000", folder)
    site.build(stages=("crawl",))
    with site.run_context() as run_context:
        record = run_context.store.read_json(
            run_context.store.path("movies", f"{movie['id']}.json")
        )
    assert record["budget"] == 123
    assert record["overview"] == movie["overview"]
    assert record["marquee_provenance"]["budget"] == "tmdb5000"
    assert record["marquee_provenance"]["overview"] == "tmdb"
    assert [terms["source"] for terms in record["marquee_terms"]] == ["studio", "tmdb5000"]


def test_refused_rows_are_listed_with_reasons(site, imports_settings, tmp_path):
    movies = details(site)
    folder = write_dump(tmp_path / "dump", [*movies, {**movies[0], "title": "Twice"}])
    with (folder / MOVIES).open("a", encoding="utf-8") as file:
        file.write("1,,no-number" + "," * 17 + "\n")
    report = imported(imports_settings, folder)
    assert report.taken == 4
    assert len(report.refused) >= 2
    with open_run_context(imports_settings) as run_context:
        listed = run_context.store.path("reports", "imports", "tmdb5000_refused.csv").read_text()
    assert len(listed.splitlines()) == 1 + len(report.refused)


def test_rows_without_ids_join_films_by_title_and_year(site, imports_settings, tmp_path):
    movies = details(site)
    imported(imports_settings, write_dump(tmp_path / "dump", movies))
    year = movies[0]["release_date"][:4]
    title = movies[0]["title"].upper()
    table = write_budgets(tmp_path, (title, year, "9,000"), ("Nobody Knows This", year, "9,000"))
    report = imported(imports_settings, table, "the-numbers")
    assert report.taken == 1
    assert [one.reason.value for one in report.refused] == ["unknown_movie"]


def write_budgets(folder, *rows):
    """Write The Numbers' table of (title, year, worldwide) rows."""
    table = folder / "the_numbers_budgets.csv"
    lines = [f'{i},"Jan 1, {year}","{title}","$5,000","$1,000","${gross}"'
             for i, (title, year, gross) in enumerate(rows)]  # fmt: skip
    table.write_text(
        "id,release_date,movie,production_budget,domestic_gross,worldwide_gross\n"
        + "\n".join(lines) + "\n", encoding="utf-8",
    )  # fmt: skip
    return table


def test_figures_are_taken_back_when_a_namesake_becomes_known(site, imports_settings, tmp_path):
    movies = details(site)
    first = {**movies[0], "title": "Puss in Boots", "release_date": "2011-10-28"}
    imported(imports_settings, write_dump(tmp_path / "dump", [first]))
    table = write_budgets(tmp_path, ("Puss in Boots", 2011, "554,987,477"))
    assert imported(imports_settings, table, "the-numbers").taken == 1
    namesake = {**movies[1], "title": "Puss in Boots", "release_date": "2011-01-01"}
    imported(imports_settings, write_dump(tmp_path / "more", [first, namesake]))
    with open_run_context(imports_settings) as run_context:
        run_context.ledger.know_movies({first["id"]: "before"})
    report = imported(imports_settings, table, "the-numbers")
    assert [one.reason.value for one in report.refused] == ["ambiguous"]
    with open_run_context(imports_settings) as run_context:
        reported = {kind for kind, _ in run_context.imports.answers(first["id"])}
        assert reported == {"tmdb5000"}
        assert run_context.ledger.movies()[first["id"]] != "before"


def test_killed_import_of_a_changed_dump_leaves_no_film_behind(
    site, imports_settings, tmp_path, monkeypatch
):
    movies = details(site)
    imported(imports_settings, write_dump(tmp_path / "dump", movies))
    changed = write_dump(
        tmp_path / "newer", [{**movies[0], "overview": "Another plot."}, *movies[1:]]
    )
    with monkeypatch.context() as patched:
        patched.setattr("assets.crawl.dump_import._Keeper.finish", _stop)
        with pytest.raises(KeyboardInterrupt):
            imported(imports_settings, changed)
    report = imported(imports_settings, changed)
    assert (report.new, report.changed, report.unchanged) == (0, 1, 3)


def _stop(_keeper):
    raise KeyboardInterrupt


def test_dumps_never_go_into_the_studios_store(imports_settings):
    with (
        pytest.raises(ConfigurationError, match="MARQUEE_SOURCE"),
        open_for_import(imports_settings.model_copy(update={"source": "studio"})),
    ):
        pass


def test_dump_that_the_disk_refuses_is_named(imports_settings, tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("pipeline.crawl.datasets.trailers12k.read", refuse)
    with pytest.raises(DumpError, match="dump cannot be read .Permission denied.*permissions"):
        imported(imports_settings, tmp_path / "dump", "trailers12k")


def test_unknown_kind_names_the_kinds(imports_settings, tmp_path):
    with pytest.raises(DumpError, match="tmdb5000"):
        imported(imports_settings, tmp_path, "nothing")


def test_release_in_a_later_century_of_a_movie_that_is_out_is_unknown(
    site, imports_settings, tmp_path
):
    late = [{**one, "status": "Released", "release_date": "2268-05-01"} for one in details(site)]
    imported(imports_settings, write_dump(tmp_path / "refused", late[:1]))
    late = [{**one, "release_date": "2098-05-01"} for one in late]
    imported(imports_settings, write_dump(tmp_path / "dump", late[1:]))
    with open_run_context(imports_settings) as run_context:
        assert run_context.imports.answers(late[0]["id"]) == []
        ((_, fields),) = run_context.imports.answers(late[1]["id"])
    assert "release_date" not in fields
    assert fields["marquee_unusable"] == {"release_date": "2098-05-01"}


def test_sign_that_tells_titles_apart_takes_back_what_was_joined(site, imports_settings, tmp_path):
    movie = {**details(site)[0], "title": "1", "original_title": "1"}
    imported(imports_settings, write_dump(tmp_path / "dump", [movie]))
    year = movie["release_date"][:4]
    with open_for_import(imports_settings) as run_context:
        row = AcceptedRow("a.csv line 2", {"title": "+1"}, title="+1", year=int(year))
        run_context.imports.keep("the-numbers", movie["id"], row)
        known = Identity(title="+1", year=int(year), content="x")
        run_context.imports.write_index("the-numbers", {movie["id"]: known})
    table = tmp_path / "the_numbers_budgets.csv"
    table.write_text(
        "id,release_date,movie,production_budget,domestic_gross,worldwide_gross\n"
        f'1,"Sep 20, {year}",+1,"$1,000,000","$2,000","$2,500"\n'
    )
    report = imported(imports_settings, table, "the-numbers")
    assert [one.reason.value for one in report.refused] == ["unknown_movie"]
    with open_run_context(imports_settings) as run_context:
        assert [kind for kind, _ in run_context.imports.answers(movie["id"])] == ["tmdb5000"]
