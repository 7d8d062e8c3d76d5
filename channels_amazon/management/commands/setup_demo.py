"""`manage.py setup_demo`: store, owner and catalogue to try; management layer."""

from __future__ import annotations

import os
import secrets
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from channels_amazon.models import Store, StoreMember, Warehouse
from channels_amazon.services.amazon_client.applications import current_application
from channels_amazon.services.catalog.product_import import (
    ImportOptions,
    import_catalogue,
)
from channels_amazon.storefronts.catalogue import StorefrontError
from channels_amazon.storefronts.csv_file import read_file

USER = "admin"
SIGN_IN = "sign-in.txt"


class Command(BaseCommand):
    """Make what the demonstration needs and is not there yet."""

    help = (
        "Makes the demonstration's store, its owner (the password is written to "
        "data/sign-in.txt) and its catalogue. Safe to repeat: what is there stays."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare where the catalogue comes from."""
        parser.add_argument(
            "--catalogue",
            type=Path,
            metavar="FILE",
            help="A CSV file as for import_products; default: the local Amazon's, "
            "where the settings lead to it.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the store, the owner, the application and the catalogue."""
        store = _make_store()
        self._make_owner(store)
        if settings.SPAPI_APP_ID:
            current_application()
        if options["catalogue"]:
            self._import(store, options["catalogue"])
        elif leads_to_this_machine():
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "catalogue.csv"
                call_command("emulator", write_catalogue=str(path), verbosity=0)
                self._import(store, path)

    def _make_owner(self, store: Store) -> None:
        """Make the owner, or a new password where nobody knows it any more."""
        path = Path(settings.DATA_DIR) / SIGN_IN
        user: Any = get_user_model().objects.filter(username=USER).first()
        if user is None or not path.exists():
            user = user or get_user_model()(username=USER)
            password = secrets.token_urlsafe(12)
            user.set_password(password)
            user.is_staff = user.is_superuser = user.is_active = True
            user.save()
            write_sign_in(path, password)
            self.stdout.write(f"The sign-in is in {path}.")
        StoreMember.objects.get_or_create(
            store=store,
            user=user,
            defaults={"role": StoreMember.Role.OWNER, "sees_personal_data": True},
        )

    def _import(self, store: Store, path: Path) -> None:
        wanted = ImportOptions(
            actor="setup_demo", only_new=True, creates_warehouses=True
        )
        try:
            result = import_catalogue(store, read_file(path), wanted)
        except StorefrontError as error:
            raise CommandError(f"{error.message} {error.fix}".strip()) from error
        self.stdout.write(
            f"{result.created} products added, {result.unchanged} were there, "
            f"{len(result.rejected)} rejected."
        )
        for row in result.rejected:
            self.stderr.write(f"Line {row.line} ({row.sku}): {row.reason}.")


def leads_to_this_machine() -> bool:
    """Tell whether the settings lead to a local Amazon, not to the real one."""
    addresses = (settings.SPAPI_ENDPOINT_NA, settings.LWA_TOKEN_URL)
    local = {"127.0.0.1", "localhost", "::1"}
    return all(urlsplit(address).hostname in local for address in addresses)


def write_sign_in(path: Path, password: str) -> None:
    """Write the sign-in, readable by this user alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = f"{'User:':<22}{USER}\n{'Password:':<22}{password}\n"
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)


def _make_store() -> Store:
    store: Store = Store.objects.get_or_create(
        slug="demo",
        defaults={
            "name": "Demo",
            "plan": Store.Plan.FLAGSHIP,
            "currency": "EUR",
            "time_zone": "Europe/Berlin",
        },
    )[0]
    if not Warehouse.objects.filter(store=store).exists():
        for name in ("Hamburg", "Leipzig"):
            Warehouse.objects.create(
                store=store,
                name=name,
                code=name.lower(),
                country_code="DE",
                is_default=name == "Hamburg",
            )
    return store
