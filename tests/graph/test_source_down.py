"""A source that fails for every film: one message, and few films pay."""

import pytest

from assets.cli.job_runs import BuildError

GIVE_UP_AFTER, THREADS = 20, 16


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ({"status": 502}, r"is down: [23]\d requests in a row failed"),
        ({"status": 403}, r"is down: [23]\d requests in a row failed"),
        ({"body": "<html>Log in to the network", "content_type": "text/html"}, r"is down: [23]\d"),
        ({"status": 503, "headers": {"Retry-After": "7200"}, "body": "later"}, "allows no request"),
        ({"status": 401}, "TMDB refuses the key"),
        ({"status": 503}, "TMDB is in maintenance"),
    ],
    ids=["502", "403", "portal", "Retry-After", "401", "maintenance"],
)
def test_source_that_fails_for_all_stops_the_run_with_one_message(open_site, order, message):
    site = open_site(size=60)
    site.order({"path": r"^/3/movie/\d+$", **order})
    with pytest.raises(BuildError, match=message) as caught:
        site.build(stages=("crawl",))
    assert str(caught.value).count("stays pending") <= 1
    assert str(caught.value).count("127.0.0.1") <= 2
    paid = [row for row in site.rows("movie_records").values() if row.status]
    assert len(paid) < GIVE_UP_AFTER + THREADS
    assert {row.status for row in paid} <= {"retry"}
    site.lift_faults()
