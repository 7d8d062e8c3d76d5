"""Ends the wait after too many failed sign-ins."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from axes.models import AccessAttempt
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from channels_amazon.services.diagnostics.audit import Audited, audit
from channels_amazon.wording import sentence
from shoplink.client_address import network_of


class Command(BaseCommand):
    """Forget the failures of a user or of an address."""

    help = (
        "Ends the wait after too many failed sign-ins, of a user wherever the failures "
        "came from, or of an address (of IPv6 its whole /64). The log of failed "
        "sign-ins stays."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare whom to let in again."""
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument("--user", metavar="NAME")
        who.add_argument("--address", metavar="ADDRESS")

    def handle(self, *args: Any, **options: Any) -> None:
        """Forget the failures and keep that they were forgotten."""
        name, address = options["user"], options["address"]
        attempts = AccessAttempt.objects.filter(username=name)
        if address is not None:
            network = network_of(address)
            if network is None:
                raise CommandError(f"{address!r} is no address.")
            attempts = AccessAttempt.objects.filter(ip_address=network)
        with transaction.atomic():
            count, _by_model = attempts.delete()
            if count:
                _record(name or address)
        if count:
            self.stdout.write(f"{name or address} may sign in again.")
        else:
            self.stdout.write(f"No failed sign-ins of {name or address} were counted.")


def _record(whom: str) -> None:
    audit(
        Audited(
            code="sign_in.unlocked",
            message=sentence(
                "%(whom)s may sign in again: the failures were forgotten.", whom=whom
            ),
            reference=whom,
            actor="unlock_sign_in",
        )
    )
