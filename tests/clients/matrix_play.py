"""Plays one cell of the matrix against the scripted server, and returns what became of it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from matrix_clients import ITEMS, Ask, Client
from matrix_faults import Fault, Good
from matrix_rules import Result
from present import present
from scripted_server import ScriptedServer

from pipeline.core.errors import MarqueeError, PausedError
from resources.storage.batch import outcome_of

GATE_S = 0.3
"""How long the neighbour's answer waits for the fault, so that both are under way at once."""


def play(
    server: ScriptedServer,
    name: str,
    client: Client,
    fault: Fault,
    folder: Path,
    patience: float = 1.0,
) -> Result:
    """Ask for the neighbour, the bad item meanwhile, and another neighbour afterwards."""
    asked, is_open = threading.Event(), threading.Event()
    for item in ITEMS:
        good = _good(server, name, client, item)
        script = fault.script(good) if item == "bad" else good.answer()
        server.routes[good.path] = _route(script, item, asked, is_open)
    url = f"{server.url}/{name}"
    with client.open(url, folder, patience) as ask, ThreadPoolExecutor(1) as pool:
        beside = pool.submit(_ask, ask, "beside")
        assert asked.wait(60.0), "the neighbour was never asked for"
        status, reason = _ask(ask, "bad")
        is_open.set()
        return Result(
            status,
            reason,
            server.count()[_good(server, name, client, "bad").path],
            _shorten(*beside.result()),
            _shorten(*_ask(ask, "after")),
        )


def _good(server: ScriptedServer, name: str, client: Client, item: str) -> Good:
    home = server.url.removeprefix("http://")
    return Good(*client.good(item), f"/{name}{client.path(item)}", home)


def _route(script, item: str, asked: threading.Event, is_open: threading.Event):
    def act(talk, target, headers):
        if item == "beside":
            asked.set()
            is_open.wait(GATE_S)
        if item == "bad":
            is_open.set()
        if callable(script):
            script(talk, target, headers)
        else:
            talk.request.sendall(script)

    return act


def _ask(ask: Ask, item: str) -> tuple[str, str]:
    """Return status and reason as the ledger would have them; a stopped run is its error."""
    try:
        ask(item)
    except PausedError:
        return "waits", "waits"
    except MarqueeError as error:
        try:
            outcome = outcome_of("matrix", 597, error)
        except MarqueeError as stop:
            return "stops", type(stop).__name__
        return outcome.status.value, present(outcome.reason).value
    return "ok", "ok"


def _shorten(status: str, reason: str) -> str:
    return reason if status in ("ok", "waits", "stops") else f"{status} {reason}"
