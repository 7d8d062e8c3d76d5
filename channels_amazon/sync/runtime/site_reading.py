"""Lets a job fail for one marketplace and go on with the next; sync layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import reduce
from typing import ClassVar

from channels_amazon.errors import Recoverable
from channels_amazon.models import ReadingIssue
from channels_amazon.services.amazon_client import quota_status
from channels_amazon.services.jobs import reading_issues
from channels_amazon.services.jobs.backoff import LONGEST_OF_JOB
from channels_amazon.services.jobs.reading_issues import (
    CODES,
    FIX,
    Cause,
    Hindrance,
)
from channels_amazon.spapi.errors import InvalidRequest
from channels_amazon.spapi.operations import Operation
from channels_amazon.sync.runtime.context import RunContext
from channels_amazon.sync.runtime.page_trail import Standstill
from channels_amazon.wording import together

# Where one search reads all marketplaces.
ALL = ""
_BAD_REQUEST = 400


class ReadingStopped(Recoverable):
    """Some of the rows could not be read; what was read is stored."""

    is_recorded: ClassVar[bool] = True


@dataclass
class SiteReading:
    """One job's reading by `operation`, marketplace by marketplace.

    What hinders it is kept in rows: a marketplace with one rests until its time.
    """

    ctx: RunContext
    operation: Operation
    sites: Sequence[str] = (ALL,)
    _issues: dict[str, ReadingIssue] = field(init=False)

    def __post_init__(self) -> None:
        account, kind = self.ctx.account, self.ctx.job.kind
        rows = reading_issues.issues_of(account, kind)
        found = {row.marketplace_id: row for row in rows}
        self._issues = {site: row for site, row in found.items() if site in self.sites}
        if len(self._issues) < len(found):
            reading_issues.forget_other_marketplaces(account, kind, self.sites)

    @property
    def resting(self) -> set[str]:
        """Return the marketplaces that are not to be tried now."""
        now = self.ctx.now()
        return {
            site
            for site, issue in self._issues.items()
            if reading_issues.is_resting(issue, now)
        }

    @property
    def unread(self) -> set[str]:
        """Return the marketplaces that cannot be read, by a fault or for good."""
        return set(self._issues)

    @property
    def faulty(self) -> set[str]:
        """Return the marketplaces that cannot be read by a fault."""
        return {site for site, issue in self._issues.items() if not issue.is_fact}

    def note_read(self, site: str = ALL) -> None:
        """Note that the marketplace was read to its end."""
        if self._issues.pop(site, None) is not None:
            reading_issues.close_issues(
                self.ctx.account, self.ctx.job.kind, [site], self.ctx.run
            )

    def note_standstill(self, found: Standstill, site: str = ALL) -> datetime:
        """Note that the marketplace's pages go round; return when to try again."""
        ids = reading_issues.request_ids(self.ctx.run, self.operation.name)
        issue = self._note(
            site,
            Cause.NO_PROGRESS,
            found.reason,
            request_ids=ids,
            grown_in=self._grown_in(found.asked),
        )
        retry_at: datetime = issue.retry_at
        return retry_at

    def note_refusal(
        self, error: InvalidRequest, site: str, ask_simply: Callable[[], object]
    ) -> None:
        """Find out whether Amazon refuses the marketplace for good, and note it.

        A request may be wrong for many reasons. Only where Amazon refuses the least
        request there is, `ask_simply`, does its answer say something of the account.
        Raises `error` where it is about something else.
        """
        if error.status != _BAD_REQUEST:
            raise error
        cause, shown = Cause.FAULTY, error
        try:
            ask_simply()
        except InvalidRequest as again:
            if again.status == _BAD_REQUEST:
                cause, shown = Cause.REFUSED, again
        words = shown.issues[0].message if shown.issues else shown.message
        ids = list(dict.fromkeys([shown.request_id, error.request_id]))
        self._note(site, cause, words, shown.amazon_code, ids)

    def stop_if_faulty(self) -> None:
        """End the run as failed if a fault kept it from reading a marketplace.

        The job comes again in LONGEST_OF_JOB even where the marketplace rests longer:
        it may have other things to do.
        """
        faults = [issue for issue in self._issues.values() if not issue.is_fact]
        if not faults:
            return
        faults.sort(key=lambda issue: issue.cause != Cause.NO_PROGRESS)
        retry_at = min(issue.retry_at for issue in faults)
        raise ReadingStopped(
            CODES[faults[0].cause],
            reduce(together, map(reading_issues.told, faults), ""),
            fix=FIX,
            retry_at=min(retry_at, self.ctx.now() + LONGEST_OF_JOB),
        )

    def _grown_in(self, calls: int) -> timedelta:
        """Return in how long the quota of so many calls grows back."""
        name = self.operation.name
        lines = quota_status.quota_lines(self.ctx.account, self.ctx.now())
        rates = [line.rate for line in lines if line.operation == name]
        rate = next(iter(rates), self.operation.rate)
        return timedelta(seconds=calls / rate)

    def _note(
        self,
        site: str,
        cause: str,
        reason: str,
        amazon_code: str = "",
        request_ids: Sequence[str] = (),
        grown_in: timedelta = timedelta(0),
    ) -> ReadingIssue:
        issue = self._issues[site] = reading_issues.note_issue(
            self.ctx.account,
            self.ctx.job.kind,
            site,
            Hindrance(
                cause=cause,
                reason=reason,
                operation=self.operation.name,
                amazon_code=amazon_code,
                request_ids=[one for one in request_ids if one],
                grown_in=grown_in,
            ),
            self.ctx.run,
        )
        return issue
