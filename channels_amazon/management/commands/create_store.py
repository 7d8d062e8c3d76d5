"""`manage.py create_store`: sets a store up from a script; management layer."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from channels_amazon.models import Store
from channels_amazon.services.accounts.store_setup import (
    FIRST_WAREHOUSE,
    StoreDraft,
    create_store,
    done_steps,
)


class Command(BaseCommand):
    """Make a store with its owner and a warehouse."""

    help = (
        "Makes a store with an owner, who may connect Amazon accounts, and a first "
        "warehouse. Safe to repeat: what is there stays, what is missing is added."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what a store is."""
        parser.add_argument("--name", required=True, help="As people call it.")
        parser.add_argument(
            "--owner",
            required=True,
            help="The user name of its owner; make one with createsuperuser.",
        )
        parser.add_argument(
            "--slug",
            default="",
            help="Its short name for other commands; default: made from the name.",
        )
        parser.add_argument(
            "--plan", choices=Store.Plan.values, default=Store.Plan.ENTERPRISE
        )
        parser.add_argument("--currency", default="USD", help="Default: %(default)s.")
        parser.add_argument(
            "--language",
            choices=[code for code, _name in settings.LANGUAGES],
            default="en",
        )
        parser.add_argument(
            "--time-zone",
            default="UTC",
            help="As Asia/Shanghai; default: %(default)s.",
        )
        parser.add_argument(
            "--warehouse",
            default=FIRST_WAREHOUSE,
            help="The name of the first warehouse; default: %(default)s.",
        )
        parser.add_argument("--json", action="store_true", help="Answer as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make what is missing; raises CommandError, and then nothing was stored."""
        owner = _user(options["owner"])
        draft = StoreDraft(
            name=options["name"].strip(),
            owner=owner,
            slug=options["slug"],
            plan=options["plan"],
            currency=options["currency"],
            language=options["language"],
            time_zone=options["time_zone"],
            warehouse=options["warehouse"],
            actor="create_store",
        )
        try:
            store, is_new = create_store(draft)
        except ValidationError as error:
            reasons = " ".join(error.messages)
            raise CommandError(f"{reasons} Nothing was stored.") from error
        if options["json"]:
            told = _describe(store, owner) | {"created": is_new}
            self.stdout.write(json.dumps(told, ensure_ascii=False))
        else:
            began = "Made" if is_new else "There was already"
            self.stdout.write(
                f"{began} the store {store.name}, short name {store.slug}, "
                f"owner {owner.get_username()}."
            )


def _user(name: str) -> Any:
    user: Any = get_user_model().objects.filter(username=name).first()
    if user is None:
        raise CommandError(
            f"There is no user {name!r}: make one with manage.py createsuperuser."
        )
    return user


def _describe(store: Store, owner: Any) -> dict[str, Any]:
    return {
        "store": store.slug,
        "name": store.name,
        "owner": owner.get_username(),
        "plan": store.plan,
        "currency": store.currency,
        "language": store.language,
        "time_zone": store.time_zone,
        "warehouses": [place.code for place in store.warehouses.all()],
        "done": sorted(done_steps(store)),
    }
