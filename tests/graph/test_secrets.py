"""Keys and cookies are nowhere to be found afterwards, whatever the servers do with them.

A store is built from a source that wants real secrets and hands them back in every answer that
fails. Then everything that was written or printed is searched: output, Dagster's databases and
logs,
ledger, store, and the names of all files.
"""

import base64
import sqlite3
import sys
import zlib
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # tests are no package

from echoing_front import WAYS, Secrets, opened
from processes import Process

from assets.cli.build import HOME_SETTINGS

V3 = "9f8e7d6c5b4a39281706f5e4d3c2b1a0"
V4 = "eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiI5ZjhlIiwic3ViIjoieCJ9.Zm9yLW5vYm9keXMtZXllcw_-"
COOKIE = "session-id=143-1234567-7654321; at-main=Atza|IwEBI/very+secret=="
YOUTUBE = "g.a000-sid_of-nobody-12345"


def spell(secret: str) -> set[bytes]:
    """Return the forms in which a secret may stand somewhere, in lower case."""
    raw = secret.encode()
    inside = [base64.b64encode(b"x" * start + raw + b"xxx")[4:-8] for start in range(3)]
    texts = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), repr(secret)[1:-1]}
    forms = {text.encode() for text in texts} | set(inside)
    return {form.lower() for form in forms} | {f.replace(b"+", b"-").lower() for f in inside}


class Finder:
    """Looks for secrets in whatever it is shown."""

    def __init__(self, secrets: Secrets):
        self._forms = {form for text in secrets.texts for form in spell(text)}
        self.found: list[str] = []
        self.rows = self.files = 0

    def look(self, what: object, where: str) -> None:
        content = what if isinstance(what, bytes) else str(what).encode("utf-8", "replace")
        for form in self._forms:
            at = content.lower().find(form)
            if at >= 0:
                around = content[max(0, at - 60) : at + 20]
                self.found.append(f"{where}: …{around!r}")

    def search(self, folder: Path) -> None:
        for path in sorted(folder.rglob("*")):
            self.look(path.name, f"name {path}")
            if not path.is_file():
                continue
            self.files += 1
            content = path.read_bytes()
            self.look(content, str(path))
            if content.startswith(b"SQLite format 3"):
                self._search_database(path)

    def _search_database(self, path: Path) -> None:
        with sqlite3.connect(path) as database:
            tables = database.execute("select name from sqlite_master where type = 'table'")
            for (table,) in tables.fetchall():
                for row in database.execute(f'select * from "{table}"'):
                    self.rows += 1
                    for value in row:
                        self.look(value, f"{path}, table {table}")
                        if isinstance(value, bytes) and value[:1] == b"\x78":  # a snapshot
                            self.look(zlib.decompress(value), f"{path}, table {table}")
        database.close()


class Desk:
    """Runs commands on a site, and keeps what they say."""

    def __init__(self, site, front, folder: Path):
        cookies = folder / "cookies.txt"
        cookies.write_text(
            "# Netscape HTTP Cookie File\n"
            f"127.0.0.1\tFALSE\t/\tFALSE\t0\tSID\t{front.secrets.youtube}\n"
        )
        self._environment = {
            **front.environment,
            "MARQUEE_YOUTUBE_COOKIES": str(cookies),
            "COLUMNS": "200",
        }
        self._site = site
        self.output_text: dict[str, str] = {}

    def run(self, *command: str, program: str = "assets.cli") -> int:
        """Run a command in a process of its own and return its exit status."""
        process = Process(self._site, *command, program=program, environment=self._environment)
        status = process.wait()
        self.output_text[f"{len(self.output_text)}: {' '.join(command)}"] = process.output
        return status


@pytest.fixture
def work(open_site, tmp_path):
    """Return a function that opens a front with a key, and a desk before it."""
    fronts = []

    def begin(key: str, size: int):
        site = open_site(size=size)
        (site.folder / "home" / "dagster.yaml").write_text(HOME_SETTINGS)  # keeps runs' output too
        context = opened(site.studio, Secrets(key, COOKIE, YOUTUBE))
        fronts.append(context)
        front = context.__enter__()
        return site, front, Desk(site, front, tmp_path)

    yield begin
    for context in fronts:
        context.__exit__(None, None, None)


def assert_nothing_is_found(site, front, desk, *, least_files: int) -> None:
    finder = Finder(front.secrets)
    finder.search(site.folder)
    for command, output_text in desk.output_text.items():
        assert output_text, command
        finder.look(output_text, f"output of {command}")
    assert not finder.found, "\n".join(finder.found)
    assert finder.files >= least_files
    assert finder.rows > 100
    assert set(front.were_sent) == {"key", "cookie", "youtube"}, front.were_sent


def test_secrets_are_found_nowhere_after_a_crawl_of_hostile_answers(work):
    site, front, desk = work(V3, size=3 * len(WAYS))
    front.everywhere = {"/3/": "pass"}
    assert desk.run("build", "--stages", "crawl,media") == 0
    front.everywhere = {}
    assert desk.run("retry", "--again", "--asset", "movie_records") == 0
    assert desk.run("build", "--stages", "crawl,media") == 0
    assert front.done == {name: set(WAYS) for name in ("3", "t", "imdbpro", "trailers")}
    for path, way in (("/3/movie/", "401"), ("/3/movie/", "maintenance"), ("/3/", "headers")):
        front.everywhere = {path: way}
        assert desk.run("build", "--stages", "crawl") == 1
    front.everywhere = {"/3/movie/9": "record", "/imdbpro/": "page"}
    desk.run("build", "--stages", "crawl,media")
    desk.run("doctor")
    assert desk.run("status", "--films", "--reasons") == 0
    assert desk.run("status", "--json") == 0
    assert_nothing_is_found(site, front, desk, least_files=30)


def test_token_is_found_nowhere_after_a_run_of_dagster_itself(work):
    site, front, desk = work(V4, size=len(WAYS))
    front.everywhere = {"/imdbpro/": "page"}
    desk.run("build", "--stages", "crawl,media")
    movies = ",".join(str(movie) for movie in site.catalogue.movie_ids()[:1])
    for way in ("headers", "401"):
        front.everywhere = {"/3/": way, "/imdbpro/": "redirect to FTP"}
        dagster = ("asset", "materialize", "-m", "assets.definitions", "--select")
        desk.run(*dagster, "movie_records", "--partition", movies, program="dagster._cli")
        desk.run(*dagster, "movie_catalog", program="dagster._cli")
    assert_nothing_is_found(site, front, desk, least_files=20)


@pytest.mark.parametrize("secret", [V3, V4, COOKIE, YOUTUBE])
@pytest.mark.parametrize(
    "write", [str, quote, quote_plus, lambda s: quote(s, safe="").lower(),
              lambda s: base64.b64encode(f"api_key={s}&x=1".encode()).decode(),
              lambda s: base64.urlsafe_b64encode(f"{s} and more".encode()).decode()],
)  # fmt: skip
def test_finder_finds_what_is_there(tmp_path, secret, write):
    hidden = f"before {write(secret)} after"
    with sqlite3.connect(tmp_path / "a.sqlite") as database:
        database.execute("create table t (text text, body blob)")
        row = (hidden, zlib.compress(hidden.encode()))
        database.execute("insert into t values (?, ?)", row)
    database.close()
    (tmp_path / quote(secret, safe="")[:60]).touch()
    finder = Finder(Secrets(V3, COOKIE, YOUTUBE) if secret != V4 else Secrets(V4, "", ""))
    finder.search(tmp_path)
    assert len([where for where in finder.found if "table t" in where]) >= 2
