"""`manage.py purge_personal_data`: deletes what may not be kept; management layer."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from channels_amazon.services import personal_data


class Command(BaseCommand):
    """Delete buyers and recipients of orders whose time is over."""

    help = (
        "Deletes the personal data of orders that were shipped or cancelled more than "
        "30 days ago. The worker does the same every day."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Purge, and say of how many orders."""
        orders = personal_data.purge(timezone.now())
        self.stdout.write(f"Personal data of {orders} orders deleted.")
