"""A trailer that was cut off is resumed, and no file is ever spliced from two."""

import json
from dataclasses import dataclass, field

import pytest
from present import present

from pipeline.core.errors import FetchError
from pipeline.core.outcomes import Reason
from pipeline.core.records import Video
from resources.trailers.trailer_host import TrailerHost

OLD = bytes(range(256)) * 400
NEW = bytes(reversed(range(256))) * 400
LONGER = NEW + b"more"
CUT_AT = 30_000


@dataclass
class Shelf:
    """A host of one file, which may change, and may know ranges and marks or not."""

    says: object
    body: bytes = OLD
    mark: dict = field(default_factory=lambda: {"ETag": '"old"'})
    knows_ranges: bool = True
    knows_if_range: bool = True
    cuts_left: int = 0
    next_body: bytes | None = None
    next_mark: dict | None = None
    asked: list = field(default_factory=list)

    def __call__(self, talk, target, headers):
        self.asked.append(headers)
        body, mark = self.body, self.mark
        self.body, self.mark = self.next_body or body, self.next_mark or mark  # before it is read
        self.answer(talk, target, headers, body, mark)

    def answer(self, talk, target, headers, body, mark):
        wanted = headers.get("range")
        start = int(wanted[6:].split("-")[0]) if wanted and self.knows_ranges else 0
        if self.knows_if_range and headers.get("if-range") not in (None, *mark.values()):
            start = 0
        if start >= len(body):
            talk.request.sendall(self.says.answer(416, b""))
            return
        ranged = {"Content_Range": f"bytes {start}-{len(body) - 1}/{len(body)}"}
        part = body[start:]
        whole = self.says.answer(
            206 if start else 200, part, "video/mp4", **mark, **(ranged if start else {})
        )
        if self.cuts_left:
            self.cuts_left -= 1
            self.says.cut(whole[: len(whole) - len(part) + CUT_AT])(talk, target, headers)
        else:
            talk.request.sendall(whole)


@pytest.fixture
def shelf(server, says):
    server.routes["/a"] = Shelf(says)
    return server.routes["/a"]


@pytest.fixture
def fetch(server, tmp_path, clock):
    host = TrailerHost(f"{server.url}/{{key}}", tries=1, clock=clock)
    yield lambda: host.fetch([Video("a", "YouTube", "Trailer")], tmp_path, "597").path.read_bytes()
    host.close()


@pytest.fixture
def begun(shelf, fetch, tmp_path):
    """A file whose beginning is there: both the fetch and its own second try were cut off."""
    shelf.cuts_left = 2
    with pytest.raises(FetchError) as caught:
        fetch()
    assert caught.value.reason is Reason.CUT_OFF
    shelf.asked.clear()
    return shelf


def part_of(folder):
    return next(iter(folder.glob("*.part")), None)


def test_it_is_resumed(begun, fetch, tmp_path):
    size = present(part_of(tmp_path)).stat().st_size
    assert size == 2 * CUT_AT
    assert fetch() == OLD
    assert [headers.get("range") for headers in begun.asked] == [None, f"bytes={size}-"]
    assert begun.asked[-1]["if-range"] == '"old"'
    assert [path.suffix for path in tmp_path.iterdir()] == [".mp4"]


def test_time_of_the_last_change_vouches_as_well(shelf, fetch):
    shelf.mark = {"Last_Modified": "Mon, 01 Jan 2024 00:00:00 GMT"}
    shelf.cuts_left = 2
    with pytest.raises(FetchError):
        fetch()
    assert fetch() == OLD
    assert "range" in shelf.asked[-1]


def test_host_without_ranges_begins_again(begun, fetch):
    begun.knows_ranges = False
    assert fetch() == OLD


@pytest.mark.parametrize("knows_if_range", [True, False])
@pytest.mark.parametrize("body", [NEW, LONGER, NEW[: CUT_AT // 2], NEW[:CUT_AT], NEW[: 2 * CUT_AT]])
def test_file_that_changed_meanwhile_is_not_spliced(begun, fetch, knows_if_range, body):
    begun.body, begun.mark, begun.knows_if_range = body, {"ETag": '"new"'}, knows_if_range
    assert fetch() == body


def test_length_alone_shows_another_file(begun, fetch):
    begun.body = LONGER
    assert fetch() == LONGER


def test_beginning_that_nothing_vouches_for_is_not_resumed(shelf, fetch, tmp_path):
    shelf.mark, shelf.cuts_left = {}, 2
    with pytest.raises(FetchError):
        fetch()
    shelf.body = NEW
    assert fetch() == NEW


@pytest.mark.parametrize("origin", [None, b"", b"[1]", b'{"etag": 1, "other": 2}'])
def test_beginning_without_a_readable_origin_is_not_resumed(begun, fetch, tmp_path, origin):
    path = next(tmp_path.glob("*.origin"))
    path.unlink() if origin is None else path.write_bytes(origin)
    present(part_of(tmp_path)).write_bytes(b"of who knows what")
    assert fetch() == OLD


def test_file_that_was_whole_but_not_yet_named_is_taken(begun, fetch, tmp_path):
    present(part_of(tmp_path)).write_bytes(OLD)
    assert fetch() == OLD
    assert len(begun.asked) == 1


def test_kill_between_the_answer_and_the_first_byte_leaves_nothing_to_splice(
    begun, fetch, tmp_path
):
    """The answer of another file removes the old beginning before it is noted."""
    begun.body, begun.mark = NEW, {"ETag": '"new"'}
    begun.cuts_left = 3  # what is asked for first, the rest, and the rest of that
    with pytest.raises(FetchError):
        fetch()
    assert json.loads(next(tmp_path.glob("*.origin")).read_text())["etag"] == '"new"'
    assert NEW.startswith(present(part_of(tmp_path)).read_bytes())
    assert fetch() == NEW


def test_change_between_a_cut_and_its_own_second_try_is_not_spliced(shelf, fetch):
    shelf.cuts_left, shelf.knows_if_range = 1, False
    shelf.next_body, shelf.next_mark = NEW, {"ETag": '"new"'}
    assert fetch() == NEW
