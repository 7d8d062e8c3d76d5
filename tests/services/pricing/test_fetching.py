"""The bank's file is fetched in time, a failure is told and rests, nothing raises."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from channels_amazon import tasks
from channels_amazon.emulator.rates.file import published_day
from channels_amazon.emulator.server import Emulator
from channels_amazon.models import DiagnosticEntry, EuroRate, RatesFetch
from channels_amazon.rules.pricing.rate_schedule import LONGEST_WAIT
from channels_amazon.services.jobs import maintenance
from channels_amazon.services.pricing import fetching
from channels_amazon.services.pricing.rates import newest_day

pytestmark = pytest.mark.django_db


def look() -> RatesFetch:
    """Run a pass of the maintenance, and return how it ended."""
    maintenance.run_pass(fetching.PASS)
    return RatesFetch.objects.get()


def times(row: RatesFetch) -> tuple[datetime, datetime]:
    """Return when it was looked, and when it is next."""
    assert row.attempted_at is not None
    assert row.next_at is not None
    return row.attempted_at, row.next_at


def look_now() -> RatesFetch:
    """Look, whatever the last look said of the next."""
    RatesFetch.objects.update(next_at=None)
    return look()


def calls(emulator: Emulator) -> int:
    """Return how often the bank was asked."""
    return sum(one.operation == "ecb.rates" for one in emulator.state.requests)


def test_first_look_brings_the_newest_file(emulator: Emulator) -> None:
    row = look()

    assert newest_day() == published_day(emulator.state.now())
    assert row.failures == 0
    assert row.succeeded_at == row.attempted_at
    assert not DiagnosticEntry.objects.exists()


def test_nobody_is_asked_before_it_is_time(emulator: Emulator) -> None:
    row = look()
    look()
    assert calls(emulator) == 1
    assert times(row)[1] > timezone.now() + timedelta(minutes=4)


def test_old_file_is_looked_for_again_within_the_hour_or_so(
    emulator: Emulator,
) -> None:
    emulator.control("rates", days_behind=3)
    row = look()

    assert row.failures == 0
    assert EuroRate.objects.exists()
    assert times(row)[1] < timezone.now() + timedelta(hours=1, minutes=11)

    emulator.control("rates", days_behind=0)
    look_now()
    assert newest_day() == published_day(emulator.state.now())


@pytest.mark.parametrize(
    ("control", "code"),
    [
        (("faults", {"match": "ecb.rates", "kind": "status_503"}), "unreachable"),
        (("faults", {"match": "ecb.rates", "kind": "html_503"}), "unreachable"),
        (("faults", {"match": "ecb.rates", "kind": "close"}), "unreachable"),
        (("faults", {"match": "ecb.rates", "kind": "cut_body"}), "unreachable"),
        (("faults", {"match": "ecb.rates", "kind": "not_json"}), "unreadable"),
        (("rates", {"content": "html"}), "unreadable"),
        (("rates", {"content": "unreadable"}), "unreadable"),
    ],
)
def test_failure_is_told_once_and_rests_longer_each_time(
    emulator: Emulator, control: tuple[str, dict[str, Any]], code: str
) -> None:
    emulator.control(control[0], **control[1])
    rests = []
    for number in range(3):
        row = look_now()
        assert (row.failures, row.code) == (number + 1, f"price.rates_{code}")
        looked_at, next_at = times(row)
        rests.append(next_at - looked_at)

    assert row.error
    assert rests == sorted(set(rests))
    assert rests[0] == fetching.FIRST_REST
    assert [one.code for one in DiagnosticEntry.objects.all()] == [row.code]
    assert not EuroRate.objects.exists()


def test_drip_ends_with_the_limit_of_a_download(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "SECONDS", 0.5)
    emulator.control("faults", match="ecb.rates", kind="drip", seconds=0.05)

    assert "did not answer in time" in look().error


def test_failure_that_ends_is_told_and_forgotten(emulator: Emulator) -> None:
    emulator.control("rates", content="html")
    look()
    emulator.control("rates", content="file")
    row = look_now()

    assert (row.failures, row.code, row.error) == (0, "", "")
    codes = [one.code for one in DiagnosticEntry.objects.order_by("pk")]
    assert codes == ["price.rates_unreadable", "price.rates_fetched"]

    # And told anew when it comes back.
    emulator.control("faults", match="ecb.rates", kind="close")
    look_now()
    assert DiagnosticEntry.objects.count() == 3


def test_longest_rest_is_bounded(emulator: Emulator) -> None:
    emulator.control("rates", content="html")
    look()
    RatesFetch.objects.update(failures=500)
    row = look_now()
    looked_at, next_at = times(row)
    assert next_at - looked_at == fetching.LONGEST_REST


def test_clock_that_was_ahead_holds_nothing_back(emulator: Emulator) -> None:
    look()
    far = timezone.now() + LONGEST_WAIT + timedelta(minutes=1)
    RatesFetch.objects.update(next_at=far)
    assert times(look())[1] < far
    assert calls(emulator) == 2


def test_host_that_is_nowhere_raises_nothing(settings: Settings) -> None:
    settings.ECB_RATES_URL = "https://bank.example/rates.xml"
    row = look()
    assert "bank.example could not be resolved" in row.error
    assert DiagnosticEntry.objects.get().reference == "bank.example"


def test_person_may_ask_and_a_worker_looks_at_once(
    emulator: Emulator,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    emulator.control("rates", days_behind=3)
    look()
    emulator.control("rates", days_behind=0)
    now = timezone.now()

    assert not fetching.request_fetch(now)
    with django_capture_on_commit_callbacks(execute=True):
        assert fetching.request_fetch(now + fetching.ASKED_AFTER)
    assert [one.func() for one in OrmQ.objects.all()] == [fetching.TASK]
    # The task comes a minute later than this test.
    RatesFetch.objects.update(next_at=now)
    tasks.fetch_rates()

    assert newest_day() == published_day(emulator.state.now())
