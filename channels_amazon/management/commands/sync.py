"""`manage.py sync`: runs an account's reconcilers here; management layer."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from channels_amazon.models import AmazonAccount, SyncJob, SyncRun
from channels_amazon.rules.pasted_ids import search_terms
from channels_amazon.services.jobs import claims, lifecycle, registry
from channels_amazon.sync.runtime import runner

# Of an id of 64 bits, less one.
_DIGITS = 18


class Command(BaseCommand):
    """Run an account's jobs in this process until none of them is due."""

    help = (
        "Runs the jobs of an account here until none is due, and says when each goes "
        "on. Jobs that are named run now, whether they are due or not."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the account, the kinds of job and the form of the answer."""
        parser.add_argument("account", help="The account's number or seller id.")
        parser.add_argument(
            "kind", nargs="*", help=f"Any of: {', '.join(registry.kinds())}."
        )
        parser.add_argument("--json", action="store_true", help="Answer as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run what is asked for; raises CommandError for a wrong name."""
        account = find_account(options["account"])
        unknown = set(options["kind"]) - set(registry.kinds())
        if unknown:
            raise CommandError(f"There is no job named {', '.join(sorted(unknown))}.")
        if not account.is_connected:
            raise CommandError(f"{account} is {account.get_state_display().lower()}.")
        lifecycle.ensure_jobs(account)
        runs: list[SyncRun] = []
        for kind in options["kind"]:
            runs += filter(None, [runner.run_kind(account, kind)])
        runs += _run_due(account, options["kind"] or registry.kinds())
        self._tell(account, runs, as_json=options["json"])

    def _tell(
        self, account: AmazonAccount, runs: list[SyncRun], *, as_json: bool
    ) -> None:
        report = {
            "account": account.pk,
            "runs": [_run_row(run) for run in runs],
            "jobs": [_job_row(job) for job in account.jobs.all()],
        }
        if as_json:
            self.stdout.write(json.dumps(report, ensure_ascii=False, indent=2))
            return
        for run in runs:
            self.stdout.write(
                f"{run.kind}: {run.get_state_display()}, {run.rows_seen} rows, "
                f"{run.calls} calls. {run.message}".rstrip()
            )
        for job in account.jobs.all():
            self.stdout.write(f"{job.kind}: {_next_step(job)}")


def find_account(name: str) -> AmazonAccount:
    """Return the account with that number or seller id; raises CommandError."""
    terms = search_terms(name)
    rows = AmazonAccount.objects.not_disconnected()
    found = list(rows.filter(seller_id__in=terms))
    numbers = [int(one) for one in terms if one.isdecimal() and len(one) <= _DIGITS]
    if not found:
        found = list(AmazonAccount.objects.filter(pk__in=numbers))
    if not found:
        raise CommandError(f"There is no account {name}.")
    if len(found) > 1:
        several = ", ".join(str(row.pk) for row in found)
        raise CommandError(f"{name} has several accounts; say which: {several}.")
    return found[0]


def _run_due(account: AmazonAccount, kinds: list[str]) -> list[SyncRun]:
    """Run the due jobs, those that became due meanwhile too."""
    runs: list[SyncRun] = []
    while True:
        due = SyncJob.objects.filter(
            claims.due_jobs(timezone.now()), account=account, kind__in=kinds
        )
        job = due.order_by("rank", "pk").first()
        if job is None:
            return runs
        run = runner.run_kind(account, job.kind)
        if run is not None:
            runs.append(run)


def _run_row(run: SyncRun) -> dict[str, Any]:
    return {
        "kind": run.kind,
        "state": run.state,
        "rows": run.rows_seen,
        "changed": run.rows_changed,
        "aside": run.rows_quarantined,
        "calls": run.calls,
        "code": run.code,
        "message": run.message,
    }


def _job_row(job: SyncJob) -> dict[str, Any]:
    return {
        "kind": job.kind,
        "due_at": job.due_at.isoformat(),
        "waiting_until": job.waiting_until and job.waiting_until.isoformat(),
        "blocked_code": job.blocked_code,
        "is_running": job.lease_until is not None,
    }


def _next_step(job: SyncJob) -> str:
    due = f"{job.due_at:%Y-%m-%d %H:%M:%S} UTC"
    if job.blocked_code:
        return f"blocked by {job.blocked_code}, tried again at {due}."
    if job.lease_until is not None:
        return "is being worked on by another process."
    if job.waiting_until is not None:
        return f"waits for Amazon's quota until {due}."
    return f"next run at {due}."
