import pytest

from pipeline.core.outcomes import Reason, Status, lacking


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_stands_for_one_status_that_is_not_ok(reason):
    assert lacking(1, reason).status is reason.status
    assert reason.status is not Status.OK


def test_only_retry_is_not_final():
    assert [status for status in Status if not status.is_final] == [Status.WILL_RETRY]
