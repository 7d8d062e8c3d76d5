"""What follows from many changes is done once, jobs last, and never after an error."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from channels_amazon.models import SyncJob
from channels_amazon.services.jobs.coalescing import AT_ONCE, FollowUps
from tests.builders import make_job

pytestmark = pytest.mark.django_db

FETCH, PUSH = SyncJob.Kind.ORDER_FETCH, SyncJob.Kind.STOCK_PUSH


class Log:
    """Two actions that write down what they are called with; one adds to the other."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, list[Any]]] = []

    def first(self, items: Collection[Any], follow_ups: FollowUps) -> None:
        """Write it down, and have the second follow."""
        self.calls.append(("first", list(items)))
        follow_ups.add(self.second, items)

    def second(self, items: Collection[Any], _follow_ups: FollowUps) -> None:
        """Write it down."""
        self.calls.append(("second", list(items)))


def test_action_is_done_once_for_all_items() -> None:
    log = Log()
    with FollowUps() as follow_ups:
        follow_ups.add(log.second, [3])
        follow_ups.add(log.first, [2, 1])
        follow_ups.add(log.first, {2, 0})
        assert not log.calls

    assert log.calls == [
        ("second", [3]),
        ("first", [0, 1, 2]),
        ("second", [0, 1, 2]),
    ]


def test_jobs_are_woken_when_all_else_is_done() -> None:
    later = timezone.now() + timedelta(hours=1)
    job = make_job(kind=FETCH, due_at=later)
    due: list[bool] = []

    def is_due(_items: Collection[Any], _follow_ups: FollowUps) -> None:
        due.append(SyncJob.objects.get(pk=job.pk).due_at < later)

    with FollowUps() as follow_ups:
        follow_ups.wake(job.account_id, FETCH, PUSH)
        follow_ups.add(is_due, [1])

    assert due == [False]
    assert SyncJob.objects.get(pk=job.pk).due_at <= timezone.now()


@pytest.mark.parametrize("follow_ups", [FollowUps(), AT_ONCE])
def test_wake_up_names_its_jobs(follow_ups: FollowUps) -> None:
    with pytest.raises(TypeError):
        follow_ups.wake(1)  # type: ignore[call-arg]


def test_error_drops_what_was_to_follow() -> None:
    log = Log()

    def fail() -> None:
        with FollowUps() as follow_ups:
            follow_ups.add(log.second, [1])
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert not log.calls


def test_single_change_is_followed_at_once() -> None:
    log = Log()
    job = make_job(kind=FETCH, due_at=timezone.now() + timedelta(hours=1))

    AT_ONCE.add(log.first, [1])
    AT_ONCE.wake(job.account_id, FETCH)

    assert log.calls == [("first", [1]), ("second", [1])]
    assert SyncJob.objects.get(pk=job.pk).due_at <= timezone.now()
