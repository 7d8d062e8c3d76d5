"""`manage.py go_live`: lets an account's quantities go to Amazon; management layer."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from channels_amazon.management.commands.sync import find_account
from channels_amazon.models import AmazonAccount
from channels_amazon.services.accounts import going_live
from channels_amazon.services.stock.first_push import FirstPush, first_push
from channels_amazon.spapi.redact import redact_text

ACTOR = "manage.py go_live"


class Command(BaseCommand):
    """Go live, as the button of the account's page does."""

    help = (
        "Lets an account's quantities go to Amazon, and says what is sent first. Until "
        "then a new account sends none. With --dry-run it only says what would be sent."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the account and the form of the answer."""
        parser.add_argument("account", help="The account's number or seller id.")
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="Only say what would be sent, and change nothing.",
        )
        parser.add_argument("--json", action="store_true", help="Answer as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Go live; raises CommandError where that is refused, and changes nothing."""
        account = find_account(options["account"])
        push = first_push(account)
        if not options["dry_run"]:
            try:
                going_live.go_live(account, actor=ACTOR)
            except going_live.CannotGoLive as error:
                text = f"{error.message} {error.fix} ({error.code})"
                raise CommandError(redact_text(text)) from error
        if options["json"]:
            told = json.dumps(_as_json(account, push), ensure_ascii=False)
        else:
            told = _as_text(account, push)
        self.stdout.write(told)


def _as_json(account: AmazonAccount, push: FirstPush) -> dict[str, Any]:
    return {
        "account": account.pk,
        "live": account.is_live,
        "live_at": account.live_at.isoformat() if account.live_at else None,
        "live_by": account.live_by,
        "quantities": push.summary.count,
        "to_zero": push.summary.to_zero,
        "seconds": round(push.summary.seconds, 1),
        "unchanged": push.unchanged,
        "unlinked": push.unlinked,
        "uncounted": push.uncounted,
        "silent": push.silent,
    }


def _as_text(account: AmazonAccount, push: FirstPush) -> str:
    stands = "is live" if account.is_live else "is not live"
    return (
        f"{account} {stands}. Quantities to send: {push.summary.count}, to zero: "
        f"{push.summary.to_zero}; not linked: {push.unlinked}, never counted: "
        f"{push.uncounted}."
    )
