"""Requests at a rate that several processes share, in a process of their own."""

import time
from contextlib import closing

from resources.http.client import HttpClient
from resources.storage.ledger import Ledger
from resources.studio.access import API_KEY


def ask(database, url, rate_per_s, count, ready, go, moments):
    """Make requests as a run does; note when the first began and the last ended."""
    with closing(Ledger(database)) as ledger:
        client = HttpClient(url, rate_per_s=rate_per_s, turns=ledger.turns("tmdb"))
        ready.release()
        go.wait()
        began = time.time()
        for _ in range(count):
            client.get("configuration", {"api_key": API_KEY})
        moments.put((began, time.time()))
        client.close()
