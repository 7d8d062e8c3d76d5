"""`manage.py purge_personal_data`: deletes what may not be kept; management layer."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from channels_amazon.models import PurgeProof
from channels_amazon.services.jobs.maintenance import MaintenanceBusy
from channels_amazon.services.privacy.purge import purge


class Command(BaseCommand):
    """Delete buyers and recipients of orders whose time is over."""

    help = (
        "Deletes the personal data of orders that were delivered, or where that is "
        "not known shipped, or cancelled, more than 30 days ago, and prints the proof. "
        "The worker does the same every hour."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the form of the answer."""
        parser.add_argument("--json", action="store_true", help="Answer as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Purge, and print the proof of each store."""
        try:
            proofs = purge()
        except MaintenanceBusy as busy:
            raise CommandError(f"{busy.message} {busy.fix}") from None
        if options["json"]:
            self.stdout.write(json.dumps([_row(proof) for proof in proofs]))
            return
        for proof in proofs:
            self.stdout.write(
                f"{proof.store}: personal data of {proof.orders} orders deleted, of "
                f"{proof.kept} kept, {proof.overdue} overdue. {_next(proof)}"
            )
        if not proofs:
            self.stdout.write("Nothing was due, as today's proofs say already.")


def _row(proof: PurgeProof) -> dict[str, Any]:
    return {
        "proof": proof.pk,
        "store": proof.store.slug,
        "at": proof.at.isoformat(),
        "orders": proof.orders,
        "kept": proof.kept,
        "overdue": proof.overdue,
        "next_due_at": proof.next_due_at and proof.next_due_at.isoformat(),
        "days_after_delivery": proof.days_after_delivery,
        "days_after_shipping": proof.days_after_shipping,
    }


def _next(proof: PurgeProof) -> str:
    if proof.next_due_at is None:
        return "No personal data is kept."
    return f"The next is due at {proof.next_due_at:%Y-%m-%d %H:%M:%S} UTC."
