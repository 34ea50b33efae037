"""The user's webhook: JSON is posted to one secret address, in bounded time."""

from collections.abc import Mapping

from resources.clock import CLOCK, Clock
from resources.http.addresses import webhook_host
from resources.http.client import HttpClient
from resources.http.redaction import keep_secret

TIMEOUT_S = 5.0
"""For connecting, for each wait, and for the whole response: three attempts end within 32 s."""

_MAX_ANSWER_BYTES = 64 * 1024


class Webhook:
    """A webhook; what is posted arrives, or an error says why it did not.

    Args:
        url: Its address; whoever knows it may post.
        timeout_s: See `TIMEOUT_S`.
        clock: For waits between attempts.

    Raises:
        ConfigurationError: See `webhook_host`.
    """

    def __init__(self, url: str, *, timeout_s: float = TIMEOUT_S, clock: Clock = CLOCK):
        self.host = webhook_host(url)
        base, _, self._path = url.strip().partition(f"{self.host}/")
        keep_secret(url.strip(), self._path)
        self._http = HttpClient(
            f"{base.removesuffix(self.host)}{self.host}",
            timeout_s=timeout_s,
            max_body_s=timeout_s,
            max_body_bytes=_MAX_ANSWER_BYTES,
            max_wait_s=timeout_s,
            clock=clock,
        )

    def post(self, value: Mapping) -> None:
        """Post a JSON object; a transient failure is retried twice.

        Raises:
            FetchError: It was not accepted.
            SourceError: The webhook requires a pause.
        """
        self._http.post_json(self._path, value)

    def close(self) -> None:
        """Close its connections."""
        self._http.close()
