"""`manage.py health_check`: checks an account here, without a worker; management."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from channels_amazon.health.registry import all_checks
from channels_amazon.health.report_form import as_dict
from channels_amazon.health.runner import run_report
from channels_amazon.management.commands.sync import find_account
from channels_amazon.models import HealthReport
from channels_amazon.services.health.reports import new_report

# What the shell sees: 2 and above need a person now.
EXIT_CODES = {
    HealthReport.Status.OK: 0,
    HealthReport.Status.WARNING: 1,
    HealthReport.Status.ERROR: 2,
}


class Command(BaseCommand):
    """Run the health check of one account in this process."""

    help = (
        "Checks an account: token, permissions, network, task queue. Ends with 0 when "
        "all is well, 1 with warnings, 2 with errors. The report is kept, as one from "
        "the page is."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the account and the form of the answer."""
        parser.add_argument("account", help="The account's number or seller id.")
        parser.add_argument("--json", action="store_true", help="Answer as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the checks and end with the status as exit code."""
        account = find_account(options["account"])
        report = new_report(account, "manage.py health_check")
        run_report(report.pk)
        report.refresh_from_db()
        summary = as_dict(report)
        if options["json"]:
            self.stdout.write(json.dumps(summary, ensure_ascii=False, indent=2))
        else:
            self._write(summary)
        code = EXIT_CODES[HealthReport.Status(report.status)]
        if code:
            raise SystemExit(code)

    def _write(self, summary: dict[str, Any]) -> None:
        self.stdout.write(f"{summary['account_name']}: {summary['status']}")
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
        well = len(all_checks()) - len(skipped)
        self.stdout.write(f"{well} of {len(all_checks())} checks could look.")
