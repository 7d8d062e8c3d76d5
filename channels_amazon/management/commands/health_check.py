"""`manage.py health_check`: checks accounts here, without a worker; management."""

from __future__ import annotations

import json
import logging
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from typing import Any

from django.core import checks
from django.core.checks import CheckMessage
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils import timezone

from channels_amazon.health.progress import LOOKED
from channels_amazon.health.report_form import as_dict
from channels_amazon.health.runner import FinishedReport, run_here
from channels_amazon.management.commands.sync import find_account
from channels_amazon.models import AmazonAccount, HealthReport
from channels_amazon.services.health import write_proof
from channels_amazon.services.health.reports import prune
from channels_amazon.services.jobs import heartbeats
from channels_amazon.spapi.redact import redact_text

logger = logging.getLogger(__name__)

# What the shell sees: 2 and above need a person now.
EXIT_CODES = {
    HealthReport.Status.OK: 0,
    HealthReport.Status.WARNING: 1,
    HealthReport.Status.ERROR: 2,
}
# Something could not be looked at or kept: there may be more than what is said.
INCOMPLETE = 3
# argparse's own, for a wrong command line; ours means errors of an account.
_WRONG_USAGE = 2
ACTOR = "manage.py health_check"


class Command(BaseCommand):
    """Run the health check of one account, or of all, in this process."""

    help = (
        "Checks an account, or all of them: this server, token, permissions, network, "
        "task queue, orders, stock. Ends with 0 when all is well, 1 with warnings, 2 "
        "with errors, and 3 when something could not be checked or the report not be "
        "kept: settings or keys that are wrong, a database that is away, locked or "
        "not up to date, a full disk, an account that is not there, a wrong command "
        "line. With several accounts it is the worst. The report is kept, as one from "
        "the page is, and what it found is applied; not where the command was started "
        "with other settings than the processes that run."
    )
    # They are run in `handle`, since what they find is an answer, too.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the account and the form of the answer."""
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument(
            "account", nargs="?", help="The account's number or seller id."
        )
        who.add_argument(
            "--all", action="store_true", help="Check every account, one by one."
        )
        parser.add_argument("--json", action="store_true", help="Answer as JSON.")

    def create_parser(
        self, prog_name: str, subcommand: str, **kwargs: Any
    ) -> CommandParser:
        """Return a parser that ends with 3 for a wrong command line."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        leave = parser.exit

        def exit_(status: int = 0, message: str | None = None) -> None:
            leave(INCOMPLETE if status == _WRONG_USAGE else status, message)

        parser.exit = exit_  # type: ignore[method-assign,assignment]
        return parser

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the checks and end with the status as exit code."""
        given = "all" if options["all"] else str(options["account"])
        code = INCOMPLETE
        try:
            wrong = [one for one in checks.run_checks() if one.is_serious()]
            if wrong:
                self._say(misconfigured(given, wrong), as_json=options["json"])
            else:
                # A person waits, or another program.
                write_proof.limit_waits()
                self._keeps = self._is_like_the_others()
                code = self._check(options)
        except (CommandError, DatabaseError) as error:
            self._say(unchecked(given, error), as_json=options["json"])
        except Exception as error:
            # Whatever it is, whoever reads our answers gets one.
            logger.exception("health check failed account=%s", given)
            self._say(unchecked(given, error), as_json=options["json"])
        if code:
            raise SystemExit(code)

    def _is_like_the_others(self) -> bool:
        """Tell whether what this process sees is what the others would see.

        What only another environment shows must not stand on their pages, nor end an
        authorisation with which they work.
        """
        names = heartbeats.settings_unlike_living(timezone.now())
        if names:
            self.stderr.write(
                "The report is neither kept nor applied: this command was started with "
                "other settings than Shoplink's processes that run: "
                f"{', '.join(names)}. Run it with their environment, as docs/deploy.md "
                "says."
            )
        return not names

    def _check(self, options: dict[str, Any]) -> int:
        if not options["all"]:
            account = find_account(options["account"])
            finished = run_here(account, ACTOR, keeps=self._keeps)
            self._say(as_dict(finished.report, finished.rows), as_json=options["json"])
            return exit_code(finished)
        if not AmazonAccount.objects.not_disconnected().exists():
            # Nothing was looked at, so nothing is well.
            raise CommandError("No Amazon account is connected: nothing was checked.")
        codes = [0]
        reports = self._all(codes)
        if not options["json"]:
            for summary in reports:
                self._say(summary, as_json=False)
            return max(codes)
        # Piece by piece: thousands of reports need no more memory than one.
        self.stdout.write('{"reports": [', ending="")
        for number, summary in enumerate(reports):
            self.stdout.write(",\n" if number else "\n", ending="")
            self.stdout.write(json.dumps(summary, ensure_ascii=False), ending="")
        status = {0: "ok", 1: "warning"}.get(max(codes), "error")
        self.stdout.write(f'\n], "accounts": {len(codes) - 1}, "status": "{status}"}}')
        return max(codes)

    def _all(self, codes: list[int]) -> Iterator[dict[str, Any]]:
        """Check one account after another; note the exit code of each in `codes`."""
        rows = AmazonAccount.objects.not_disconnected().order_by("pk")
        for pk in list(rows.values_list("pk", flat=True)):
            account = AmazonAccount.objects.select_related("store", "application")
            try:
                finished = run_here(account.get(pk=pk), ACTOR, keeps=self._keeps)
                codes.append(exit_code(finished))
                summary = as_dict(finished.report, finished.rows)
            except (AmazonAccount.DoesNotExist, DatabaseError) as error:
                # What was said of the others stands, and is still one object of JSON.
                codes.append(INCOMPLETE)
                summary = unchecked(str(pk), error)
            yield summary

    def _say(self, summary: dict[str, Any], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(summary, ensure_ascii=False, indent=2))
            return
        name = summary.get("account_name") or summary["account"]
        self.stdout.write(f"{name}: {summary['status']}")
        for finding in summary["findings"]:
            indent = "    " if finding["consequence_of"] else ""
            self.stdout.write(
                f"{indent}{finding['level'].upper()} {finding['code']}: "
                f"{finding['cause']}"
            )
            if finding["fix"]:
                self.stdout.write(f"{indent}    {finding['fix']}")
        skipped = [one for one in summary["checks"] if one["state"] == "skipped"]
        for one in skipped:
            self.stdout.write(f"Not checked, by {one['reason']}: {one['title']}")
        if summary["checks"]:
            looked = sum(one["state"] in LOOKED for one in summary["checks"])
            self.stdout.write(
                f"{looked} of {len(summary['checks'])} checks could look."
            )


def exit_code(finished: FinishedReport) -> int:
    """Return what the shell sees of a report; also keep no more than are kept."""
    if finished.is_kept:
        prune(finished.report.account)
    has_crashed = any(row.code == "unknown" for row in finished.rows)
    if has_crashed or not finished.is_kept:
        return INCOMPLETE
    return EXIT_CODES[HealthReport.Status(finished.report.status)]


def misconfigured(given: str, wrong: Sequence[CheckMessage]) -> dict[str, Any]:
    """Return the report of an installation whose settings do not let it run."""
    findings = [
        _finding("unknown", redact_text(one.msg), one.hint or "", {"setting": one.id})
        for one in wrong
    ]
    return _report(given, findings)


def unchecked(given: str, error: Exception) -> dict[str, Any]:
    """Return the report of a check that could not run, in the form of any other."""
    said = redact_text(str(error)).strip()
    evidence = {"error": type(error).__name__, "said": said}
    if isinstance(error, DatabaseError):
        finding = _finding(
            "host.database",
            f"The database does not answer as it must: {said}",
            "Look whether the database runs, is not locked, and DATABASE_URL names it; "
            "after an update run “manage.py migrate”.",
            evidence,
        )
    else:
        finding = _finding(
            "unknown",
            f"The health check could not run: {said}",
            "Correct what is named, then run it again.",
            evidence,
        )
    return _report(given, [finding])


def _finding(code: str, cause: str, fix: str, evidence: Any) -> dict[str, Any]:
    return {
        "check": "host",
        "code": code,
        "level": "error",
        "cause": cause,
        "fix": fix,
        "evidence": evidence,
        "consequence_of": "",
    }


def _report(given: str, findings: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "account": given,
        "status": "error",
        "findings": findings,
        "well": [],
        "checks": [],
    }
