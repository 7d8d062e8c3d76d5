"""Fetches the bank's file of exchange rates, a pass of maintenance; services layer.

A pass is one look at whether it is time, and at most one download. How the last one
ended is in `RatesFetch`: a failure is told once a day, and rests longer each time.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypedDict
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from channels_amazon.models import MaintenanceTask, RatesFetch
from channels_amazon.rules.pricing.euro_rates_file import (
    MOST_BYTES,
    EuroRatesFileError,
)
from channels_amazon.rules.pricing.rate_schedule import LONGEST_WAIT, next_look_at
from channels_amazon.services.diagnostics.entries import (
    Entry,
    Level,
    record,
    record_once,
)
from channels_amazon.services.jobs import maintenance, queue
from channels_amazon.services.jobs.backoff import doubled
from channels_amazon.services.jobs.maintenance import Write
from channels_amazon.services.pricing.rates import (
    TOLD_EVERY,
    UNREADABLE,
    newest_day,
    take_file,
)
from channels_amazon.storefronts.download import DownloadFailed, download
from channels_amazon.wording import Sentence, sentence

logger = logging.getLogger(__name__)

TASK = "channels_amazon.tasks.fetch_rates"
UNREACHABLE = "price.rates_unreachable"
# Told once after failures.
FETCHED = "price.rates_fetched"
# How often a pass looks whether it is time.
LOOK = timedelta(minutes=5)
# For all of a download; far below what a task may take.
SECONDS = 15.0
FIRST_REST, LONGEST_REST = timedelta(minutes=5), timedelta(hours=4)
# So that not all installations ask the bank in the same minute.
_SPREAD_SECONDS = 10 * 60
# A person may ask for a look this long after the last one.
ASKED_AFTER = timedelta(minutes=1)


class RatesCursor(TypedDict):
    """A pass has one batch, and so nothing to remember."""


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why there are no rates from a look: a code of the fault catalogue, a sentence."""

    code: str
    reason: Sentence


def state_of_fetch() -> RatesFetch:
    """Return how the last look ended; an unsaved row where there was none."""
    return RatesFetch.objects.first() or RatesFetch()


def request_fetch(now: datetime) -> bool:
    """Let a worker look for the file now; False right after the last look."""
    row = state_of_fetch()
    if row.attempted_at and timedelta(0) <= now - row.attempted_at < ASKED_AFTER:
        return False
    with transaction.atomic():
        RatesFetch.objects.update_or_create(only=True, defaults={"next_at": now})
        queue.enqueue(TASK)
    return True


def fetch_requested() -> None:
    """Look now, unless another process is at it."""
    maintenance.run_slice(PASS)


def _begin(now: datetime, last_started_at: datetime | None) -> RatesCursor:
    return {}


def _plan(cursor: RatesCursor, now: datetime) -> Write[RatesCursor]:
    row = state_of_fetch()
    # One that is too far ahead was set by a clock that has been put right.
    if row.next_at and now < row.next_at <= now + LONGEST_WAIT:
        return lambda: None
    try:
        content = download(
            settings.ECB_RATES_URL, most_bytes=MOST_BYTES, seconds=SECONDS
        )
    except DownloadFailed as error:
        return partial(_keep_failure, row, _Failure(UNREACHABLE, error.reason))
    return partial(_take, row, content)


PASS = maintenance.Pass(
    name=MaintenanceTask.Name.EXCHANGE_RATES, interval=LOOK, begin=_begin, plan=_plan
)


def _take(row: RatesFetch, content: bytes) -> None:
    now = timezone.now()
    try:
        take_file(content, now)
    except EuroRatesFileError as error:
        _keep_failure(row, _Failure(UNREADABLE, error.reason))
        return
    if row.failures:
        record(
            Entry(
                code=FETCHED,
                level=Level.INFO,
                message=sentence("The exchange rates can be fetched again."),
            )
        )
    spread = timedelta(seconds=secrets.randbelow(_SPREAD_SECONDS))
    _save(
        attempted_at=now,
        succeeded_at=now,
        next_at=next_look_at(newest_day(), now) + spread,
        failures=0,
        code="",
        error="",
    )


def _keep_failure(row: RatesFetch, failure: _Failure) -> None:
    now, failures = timezone.now(), row.failures + 1
    _save(
        attempted_at=now,
        next_at=now + doubled(FIRST_REST, failures - 1, LONGEST_REST),
        failures=failures,
        code=failure.code,
        error=failure.reason,
    )
    logger.warning("exchange rates not fetched code=%s", failure.code)
    if failure.code == UNREADABLE:
        # Whoever read it has told of it.
        return
    record_once(
        Entry(
            code=failure.code,
            level=Level.WARNING,
            message=failure.reason,
            reference=urlsplit(settings.ECB_RATES_URL).hostname or "",
            fix=sentence(
                "Let this server reach the address in ECB_RATES_URL; it tries again by "
                "itself. Rates may be entered by hand meanwhile."
            ),
        ),
        TOLD_EVERY,
    )


def _save(**columns: object) -> None:
    RatesFetch.objects.update_or_create(only=True, defaults=columns)
