"""The user's cookies: checked line by line, sent where they belong, written and shown nowhere."""

import logging

import pytest

from pipeline.core.errors import ConfigurationError
from pipeline.core.records import Video
from resources.http.redaction import redact
from resources.trailers.cookies import open_jar, read_cookies
from resources.trailers.cooldown import Cooldown, InMemoryNotes
from resources.trailers.trailer_host import TrailerHost

NOW_S = 1_800_000_000.0
HEADER = "# Netscape HTTP Cookie File\n"
SECRET = "s3cret-v4lue-of-a-session"


def line(name, value=SECRET, *, domain=".youtube.com", expires=4_000_000_000, prefix=""):
    return f"{prefix}{domain}\tTRUE\t/\tTRUE\t{expires}\t{name}\t{value}\n"


LOGIN = line("LOGIN_INFO", prefix="#HttpOnly_") + line("SAPISID", SECRET + "-2")


@pytest.fixture
def write(tmp_path):
    def write_one(text):
        path = tmp_path / "cookies.txt"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write_one


def test_login_is_read(write):
    file = read_cookies(write(HEADER + "\n# a comment\n" + LOGIN + line("PREF", expires=0)))
    assert set(file.of_youtube()) == {"LOGIN_INFO", "SAPISID", "PREF"}
    assert file.login_problem(NOW_S) == ""


@pytest.mark.parametrize(
    ("lines", "output"),
    [
        (line("SID", domain=".google.com"), "no cookie of youtube.com"),
        (line("PREF") + line("VISITOR_INFO1_LIVE"), "without a login"),
        (line("LOGIN_INFO"), "without a login"),
        (line("SAPISID"), "without a login"),
        (line("LOGIN_INFO", expires=1_700_000_000) + line("SAPISID"), "expired"),
        (line("LOGIN_INFO") + line("SAPISID", expires=1_700_000_000), "expired"),
    ],
)
def test_what_the_login_lacks_is_reported(write, lines, output):
    assert output in read_cookies(write(HEADER + lines)).login_problem(NOW_S)


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ("", "first line"),
        (LOGIN, "first line"),
        ('[{"domain": ".youtube.com"}]', "JSON"),
        (HEADER + f".youtube.com TRUE / TRUE 0 LOGIN_INFO {SECRET}\n", "line 2 has 1 fields"),
        (HEADER + LOGIN + f".youtube.com\tTRUE\t/\t{SECRET}\n", "line 4 has 4 fields"),
        (HEADER + line("LOGIN_INFO", expires="soon"), "line 2 names no time"),
        (b"\xff\xfe\x00\x01", "not text"),
    ],
)
def test_file_that_is_none_is_reported_with_the_remedy_and_shows_nothing(write, text, output):
    with pytest.raises(ConfigurationError) as caught:
        read_cookies(write(text))
    message = str(caught.value)
    assert output in message
    assert "MARQUEE_YOUTUBE_COOKIES" in message
    assert "Export it again" in message
    assert SECRET not in message


def test_missing_file_and_folder_are_reported(tmp_path):
    for path in (tmp_path / "none.txt", tmp_path):
        with pytest.raises(
            ConfigurationError, match="MARQUEE_YOUTUBE_COOKIES is .* cannot be read"
        ):
            read_cookies(path)


def test_cookies_reach_their_host_alone_and_the_file_stays_as_it_was(
    write, server, tmp_path, says, caplog, capfd
):
    caplog.set_level(logging.DEBUG)
    home = ".".join(server.url.split("//")[1].split(":")[:1])
    path = write(
        HEADER
        + line("own", domain=home).replace("\tTRUE\t/\tTRUE", "\tFALSE\t/\tFALSE")
        + line("LOGIN_INFO", SECRET + "-3")
    )
    path.chmod(0o400)
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    server.reply("/a", says.answer(200, b"x", "video/mp4", Set_Cookie="new=fresh-value"))
    url = f"{server.url}/{{key}}"
    host = TrailerHost(
        url, cooldown=Cooldown(InMemoryNotes(), url), jar=open_jar(read_cookies(path))
    )
    folder = tmp_path / "staging"
    folder.mkdir()
    for number in range(2):
        host.fetch([Video("a", "YouTube", "Trailer")], folder, str(number))
    host.close()
    sent = [headers["cookie"] for _, headers in server.seen]
    assert sent[0] == f"own={SECRET}"
    assert "new=fresh-value" in sent[1]
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cookies.txt", "staging"]
    output = caplog.text + "".join(capfd.readouterr())
    assert SECRET not in output
    assert redact(f"x{SECRET}x") == "x[hidden]x"


def test_threads_share_one_jar(write):
    jar = open_jar(read_cookies(write(HEADER + LOGIN)))
    assert [c.name for c in jar.get_cookies_for_url("https://www.youtube.com/x")] == [
        "LOGIN_INFO", "SAPISID",
    ]  # fmt: skip
    assert jar.get_cookies_for_url("https://example.org/") == []
