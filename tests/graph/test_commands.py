"""The commands as a user meets them: help, errors, stopping.

Most run in this process; `test_real_processes` starts some as a shell does.
"""

import re

import pytest
from commands import marquee
from sites import ROOT

from resources.settings import VARIABLES, Settings


def at(site, *arguments):
    return marquee(*arguments, environment=site.environment, cwd=site.folder)


@pytest.mark.parametrize(
    "command",
    [
        "build",
        "demo",
        "status",
        "doctor",
        "retry",
        "studio",
        "import",
        "export",
        "bench",
        "evaluate",
        "leaderboard",
        "backup",
        "restore",
        "migrate",
        "metrics",
    ],
)
def test_every_command_explains_itself(command, tmp_path):
    assert len(marquee(command, "--help", cwd=tmp_path).stdout) > 200


def test_commands_of_the_readme_exist(tmp_path):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    output = set(re.findall(r"uv run marquee (\w+)", text))
    listed = marquee("--help", cwd=tmp_path).stdout
    assert output
    assert {
        command for command in output if not re.search(rf"^│ {command}\b", listed, re.M)
    } == set()


def test_table_of_variables_in_the_readme_is_that_of_the_settings():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = text[text.index("| variable |") :].split("\n\n")[0]
    assert table.splitlines()[2:] == [
        f"| `{variable.name}` | {Settings.model_fields[field].description} | {variable.default} |"
        for field, variable in VARIABLES.items()
    ]


def test_pages_that_the_documents_link_to_exist():
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_empty_store_says_what_to_run(tmp_path):
    output = marquee("status", cwd=tmp_path, check=False).stderr
    assert "uv run marquee build" in output


@pytest.mark.parametrize(
    ("arguments", "environment", "output"),
    [
        (("build", "--films", "x"), {}, "TMDB ids are numbers"),
        (("build", "--films", ","), {}, "TMDB ids are numbers"),
        (("status",), {"MARQUEE_TMDB_KEY": "x"}, "Did you mean TMDB_API_KEY?"),
        (("build",), {"MARQUEE_LEDGER": "ledger.sqlite"}, "MARQUEE_LEDGER is not a database URL"),
        (("build", "--stages", "cooking"), {}, "crawl, media, frames"),
        (("status",), {"TMDB_API_URL": "https://tmdb.example/3"}, "TMDB_API_KEY"),
        (("status",), {"MARQUEE_STUDIO": "nonsense"}, "generated:<seed>:<size>"),
        (("status",), {"MARQUEE_STORE": "/dev/null/store"}, "MARQUEE_STORE"),
        (("bench", "nothing"), {}, "bookkeeping"),
    ],
)
def test_mistake_is_answered_with_a_remedy_and_no_frames(tmp_path, arguments, environment, output):
    result = marquee(*arguments, environment=environment, cwd=tmp_path, check=False)
    assert result.returncode != 0
    assert output in result.stderr.replace("\n", " ")
    assert "Traceback" not in result.stderr


def test_failed_films_are_due_again_when_asked(open_site):
    site = open_site(size=3, stages=("crawl",))
    site.order({"path": "/t/p/", "status": 404})
    site.build(stages=("media",))
    refused = {i for i, row in site.rows("posters").items() if row.status == "refused"}
    assert refused
    site.lift_faults()
    assert site.build(stages=("crawl", "media")) == 0
    output = at(site, "retry", "--refused", "--asset", "posters")
    assert f"{len(refused)} rows" in output.stdout
    assert site.build(stages=("crawl", "media")) == len(refused)
    assert {row.status for i, row in site.rows("posters").items() if i in refused} == {"ok"}


def test_build_of_named_films_does_those_alone(open_site):
    site = open_site(size=5)
    ids = site.catalogue.movie_ids()
    at(site, "build", "--films", f"{ids[1]},{ids[3]}", "--stages", "crawl")
    assert set(site.rows("movie_records")) == {ids[1], ids[3]}
    at(site, "build", "--limit", "1", "--stages", "crawl")
    assert set(site.rows("movie_records")) == {ids[0], ids[1], ids[3]}


@pytest.mark.parametrize("command", ["status", "doctor", "leaderboard"])
def test_report_fits_80_columns_and_breaks_no_word(command, open_site):
    site = open_site(size=3, stages=("crawl", "media"))
    narrow = {**site.environment, "COLUMNS": "80"}
    output = marquee(command, cwd=site.folder, environment=narrow, check=False).stdout
    assert str(site.store) in output or command == "leaderboard"
    whole = [line for line in output.splitlines() if str(site.folder) not in line]
    assert max(map(len, whole), default=0) <= 80
    assert len(whole) < 100


@pytest.mark.parametrize("command", [("status",), ("leaderboard",), ("retry",)])
def test_looking_makes_no_store(command, tmp_path):
    environment = {"MARQUEE_STORE": str(tmp_path / "typo")}
    output = marquee(*command, cwd=tmp_path, environment=environment, check=False)
    assert output.returncode == 1
    assert f"There is no store at {tmp_path / 'typo'}" in output.stderr
    assert not (tmp_path / "typo").exists()


def test_misspelt_variable_is_refused_with_the_right_one(tmp_path):
    output = marquee("status", cwd=tmp_path, environment={"MARQUEE_PRESTE": "small"}, check=False)
    assert output.returncode == 2
    assert "MARQUEE_PRESTE is no setting of marquee. Did you mean MARQUEE_PRESET?" in output.stderr


def test_version_is_printed(tmp_path):
    assert marquee("--version", cwd=tmp_path).stdout.startswith("marquee 0.")


def test_home_that_the_folders_env_contradicts_is_refused(tmp_path):
    (tmp_path / ".env").write_text("DAGSTER_HOME=${PWD}/here")
    given = {"DAGSTER_HOME": str(tmp_path / "elsewhere"), "MARQUEE_STORE": str(tmp_path / "store")}
    output = marquee("build", cwd=tmp_path, environment=given, check=False)
    assert output.returncode == 2
    assert "elsewhere" in output.stderr
    assert ".env in this folder says" in output.stderr


def test_folder_above_models_lists_them(tmp_path):
    model = tmp_path / "models" / "genre" / "genres" / "70-10-20" / "late-fusion"
    model.mkdir(parents=True)
    (model / "facts.json").write_text("{}")
    output = marquee("evaluate", str(tmp_path / "models"), cwd=tmp_path, check=False)
    assert output.returncode == 1
    assert str(model) in output.stderr


def test_unknown_movie_or_asset_is_not_queued(open_site):
    site = open_site(size=3, stages=("crawl",))
    output = marquee(
        "retry", "--asset", "nothing", cwd=site.folder, environment=site.environment, check=False
    )
    assert output.returncode == 2
    assert "there are movie_records, " in output.stderr
    output = marquee(
        "retry", "--films", "5", cwd=site.folder, environment=site.environment, check=False
    )
    assert output.returncode == 2
    assert "5 is not among the 3 movies" in output.stderr
