"""A source's robots.txt: what may be requested, and how fast."""

import math
import re
from dataclasses import dataclass
from urllib.robotparser import RobotFileParser

from pipeline.core.outcomes import Reason, Status
from resources.http.client import USER_AGENT, HttpClient
from resources.http.transport import HttpStatusError

_DECIMAL_DELAY = re.compile(r"^(\s*crawl-delay\s*:\s*)([0-9]{1,9}\.[0-9]+)", re.I | re.M)

LONGEST_S = 24 * 3600
"""Longest time between two requests that is kept to; a longer one disallows everything."""


@dataclass(frozen=True)
class Robots:
    """The rules for us.

    Attributes:
        rules: As the standard library reads them.
        interval_s: Seconds between two requests; 0 where robots.txt sets none.
    """

    rules: RobotFileParser
    interval_s: float = 0.0

    def allows(self, url: str) -> bool:
        """Whether an address may be requested."""
        return self.rules.can_fetch(USER_AGENT, url)


def read_robots(http: HttpClient) -> Robots:
    """Fetch the rules; a missing file allows everything, a forbidden one nothing.

    Raises:
        FetchError: It cannot be fetched now: then nothing else may be requested.
        SourceError: The whole source is down.
    """
    try:
        text = http.get_bytes("/robots.txt").decode("utf-8", "replace")
    except HttpStatusError as error:
        if error.reason.status is Status.WILL_RETRY and error.status not in (401, 403):
            raise
        text = "" if error.reason is Reason.GONE else "User-agent: *\nDisallow: /"
    return parse_robots(text)


def parse_robots(text: str) -> Robots:
    r"""Read the rules, with `Crawl-delay` and `Request-rate` as seconds between two requests.

    Example:
        >>> robots = parse_robots("User-agent: *\nCrawl-delay: 2.5\nDisallow: /inbox")
        >>> robots.interval_s, robots.allows("/inbox"), robots.allows("/title/tt0120338")
        (3.0, False, True)
    """
    # the library reads whole seconds alone: a part of one is rounded up, to the slower side
    whole = _DECIMAL_DELAY.sub(lambda found: f"{found[1]}{math.ceil(float(found[2]))}", text)
    rules = _parse(whole.splitlines())
    rate = rules.request_rate(USER_AGENT)
    per_request_s = min(rate.seconds, LONGEST_S) / rate.requests if rate and rate.requests else 0.0
    delay_s = min(int(rules.crawl_delay(USER_AGENT) or 0), LONGEST_S)
    return Robots(rules, max(float(delay_s), per_request_s))


def _parse(lines: list[str]) -> RobotFileParser:
    """Read the rules; a line that the library cannot parse is skipped."""
    rules = RobotFileParser()
    try:
        rules.parse(lines)
    except ValueError:  # a number of thousands of digits, half an IPv6 address
        rules = RobotFileParser()
        rules.parse([line for line in lines if _is_readable(line)])
    return rules


def _is_readable(line: str) -> bool:
    try:
        RobotFileParser().parse(["User-agent: *", line])
    except ValueError:
        return False
    return True
