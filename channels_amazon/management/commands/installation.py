"""`manage.py installation`: says which installation this is; management layer."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from channels_amazon.services.installation import decisions, guard

ACTOR = "manage.py installation"
PAUSED = 3


class Command(BaseCommand):
    """Say whether this database may work, or decide it."""

    help = (
        "Says whether this host works for the installation in its database, and ends "
        "with 3 where it is paused. A database that was restored or copied elsewhere "
        "reads and sends nothing until one of --confirm and --copy says what it is."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what to decide and the form of the answer."""
        chosen = parser.add_mutually_exclusive_group()
        chosen.add_argument(
            "--status", action="store_true", help="Only say what it is (the default)."
        )
        chosen.add_argument(
            "--confirm",
            action="store_true",
            help="This host with its database is the installation now.",
        )
        chosen.add_argument(
            "--copy",
            action="store_true",
            help="This is a copy: it stays paused until it is confirmed.",
        )
        parser.add_argument("--json", action="store_true", help="Answer as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Decide what is asked for, then say how it is."""
        if options["confirm"]:
            decisions.confirm(actor=ACTOR)
        if options["copy"]:
            decisions.mark_copy(actor=ACTOR)
        state = guard.look()
        row = state.installation
        report = {
            "standing": state.standing,
            "may_work": state.may_work,
            "installation": str(row.uuid) if row else None,
            "decided_at": row.decided_at.isoformat() if row else None,
            "decided_by": row.decided_by if row else "",
            "behind_since": state.behind_at.isoformat() if state.behind_at else None,
            "hosts": [
                {"name": host.name, "seen_at": host.seen_at.isoformat()}
                for host in (row.hosts.all() if row else ())
            ],
        }
        if options["json"]:
            self.stdout.write(json.dumps(report, ensure_ascii=False, indent=2))
        elif state.may_work:
            self.stdout.write(f"This is the installation ({state.standing}).")
        else:
            self.stdout.write(f"Paused: {guard.why_paused(state.standing)}")
        if not state.may_work and not options["copy"]:
            error = CommandError(str(guard.FIX))
            error.returncode = PAUSED
            raise error
