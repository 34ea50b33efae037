"""Every client against every fault: status, reason, attempts, and neighbours that go on.

The cells are the full product of `matrix_clients.CLIENTS` and `matrix_faults.FAULTS`; what each
must come to is in `matrix_rules`. They are played in parallel. A few that came out otherwise are
played once more by themselves and with four times the patience, since a machine that stands still
for a second looks like a server that does.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest
from matrix_clients import CLIENTS
from matrix_faults import CLIENT_ERRORS, FAULTS, REFUSED_ADDRESSES, SERVER_ERRORS
from matrix_play import play
from matrix_rules import expect
from scripted_server import serving

CELLS = [(client, fault) for client in CLIENTS for fault in FAULTS]
AT_ONCE = 12
WAITING = ("silence", "silence inside", "drip", "drip inside")
WAITING_AT_ONCE = 16
"""Cells in which both sides do nothing for seconds, and how many of them beside the others."""

PATIENCE = 4.0
ONCE_MORE = 24
"""At most so many cells: more are no accident."""


def _name(cell) -> str:
    return f"{cell[0]}: {cell[1]}"


@pytest.fixture(scope="module")
def played(request, tmp_path_factory):
    """Play all cells that were chosen; return their results."""
    ours = [i for i in request.session.items if getattr(i, "module", None) is request.module]
    chosen = [item.callspec.params["cell"] for item in ours if hasattr(item, "callspec")]
    folder = tmp_path_factory.mktemp("matrix")

    def play_one(number_and_cell, patience=1.0):
        number, (client, fault) = number_and_cell
        place = folder / str(number)
        place.mkdir()
        return play(server, f"c{number}", CLIENTS[client], FAULTS[fault], place, patience)

    with (
        serving() as server,
        ThreadPoolExecutor(AT_ONCE) as pool,
        ThreadPoolExecutor(WAITING_AT_ONCE) as waiting,
    ):
        begun = {
            cell: (waiting if FAULTS[cell[1]].cause in WAITING else pool).submit(
                play_one, (number, cell)
            )
            for number, cell in enumerate(chosen)
        }
        results = {cell: result.result() for cell, result in begun.items()}
        others = [cell for cell in chosen if results[cell] != _expected(cell)]
        for number, cell in enumerate(others[:ONCE_MORE], start=len(chosen)):
            results[cell] = play_one((number, cell), PATIENCE)
        return results


def _expected(cell):
    client, fault = cell
    return expect(CLIENTS[client], FAULTS[fault])


@pytest.mark.parametrize("cell", CELLS, ids=map(_name, CELLS))
def test_fault_comes_to_what_the_rules_say(played, cell):
    assert played[cell] == _expected(cell)


def test_matrix_is_the_full_product():
    assert len(CELLS) == len(set(CELLS)) == len(CLIENTS) * len(FAULTS)
    assert {(client, fault) for client in CLIENTS for fault in FAULTS} == set(CELLS)
    for status in (*CLIENT_ERRORS, *SERVER_ERRORS):
        assert {f"{status} json", f"{status} html"} <= set(FAULTS)
    assert {f"redirect to {address}" for address in REFUSED_ADDRESSES} <= set(FAULTS)
