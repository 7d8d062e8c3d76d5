"""`manage.py connect_account`: connects a private application; management layer."""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from channels_amazon.errors import ShoplinkError
from channels_amazon.management.commands.import_products import find_store
from channels_amazon.marketplaces import MARKETPLACES, by_region
from channels_amazon.models import AmazonAccount, Store
from channels_amazon.rules.pasted_ids import PastedId, WrongForm, read, tidy
from channels_amazon.services.accounts import going_live
from channels_amazon.services.accounts.connection import AccountGrant
from channels_amazon.services.accounts.private_app import connect_by_token

ACTOR = "connect_account"
TOKEN_VARIABLE = "SHOPLINK_REFRESH_TOKEN"  # noqa: S105  (a name, not a token)


class Command(BaseCommand):
    """Connect a seller by a refresh token made in Seller Central."""

    help = (
        "Connects a seller's account by a refresh token that Seller Central showed "
        "after the self-authorisation of a private application. The token is tried at "
        "Amazon before it is stored."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the store, the region, the token and the seller."""
        parser.add_argument("--store", required=True, help="The store's short name.")
        parser.add_argument(
            "--region", required=True, choices=AmazonAccount.Region.values
        )
        parser.add_argument(
            "--refresh-token",
            default="",
            help="The token, or - to read it from standard input. Left out, it is "
            f"taken from the variable {TOKEN_VARIABLE}, which no process list shows.",
        )
        parser.add_argument(
            "--seller-id",
            default="",
            help="The merchant token of Seller Central, Account Info. Only where the "
            "store has one account in this region already it may be left out.",
        )
        parser.add_argument(
            "--marketplace",
            action="append",
            default=[],
            help="A marketplace id or country to synchronise; may be repeated. "
            "Default: all of the region.",
        )
        parser.add_argument(
            "--live",
            action="store_true",
            help="Send quantities to Amazon at once. Left out, a new account sends "
            "none before somebody goes live, on its page or by the command go_live.",
        )
        parser.add_argument("--json", action="store_true", help="Answer as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify and connect; raises CommandError, and then nothing was stored."""
        store = find_store(options["store"])
        region = options["region"]
        grant = AccountGrant(
            region=region,
            seller_id=_seller(options["seller_id"]) or _known_seller(store, region),
            name="",
            refresh_token=_token(options["refresh_token"]),
            marketplace_ids=_sites(region, options["marketplace"]),
        )
        try:
            account = connect_by_token(store, grant=grant, actor=ACTOR)
            if options["live"]:
                going_live.go_live(account, actor=ACTOR, before_first_pull=True)
        except ShoplinkError as error:
            raise CommandError(
                f"{error.message} {error.fix} Nothing was stored. ({error.code})"
            ) from error
        if options["json"]:
            self.stdout.write(json.dumps(_describe(account), ensure_ascii=False))
        else:
            self.stdout.write(
                f"Connected account {account.pk}: {account}, seller "
                f"{account.seller_id}. Its first pull has started. "
                f"{_live_line(account)}"
            )


def _live_line(account: AmazonAccount) -> str:
    if account.is_live:
        return "It is live: its quantities go to Amazon."
    return (
        "It is not live: no quantity goes to Amazon before somebody goes live on its "
        f"page, or by “manage.py go_live {account.pk}”."
    )


def _token(given: str) -> str:
    token = given
    if given == "-":
        token = sys.stdin.readline()
    elif not given:
        token = os.environ.get(TOKEN_VARIABLE, "")
    if not token.strip():
        raise CommandError(
            f"Give the token with --refresh-token, or set {TOKEN_VARIABLE}."
        )
    try:
        return read(PastedId.REFRESH_TOKEN, token)
    except WrongForm as error:
        raise CommandError(
            f"This is not a whole refresh token: one looks like {error.example}…"
        ) from None


def _seller(given: str) -> str:
    """Return the seller id, "" where none is given; raises CommandError."""
    if not given.strip():
        return ""
    try:
        return read(PastedId.SELLER_ID, given)
    except WrongForm as error:
        raise CommandError(
            f"{given!r} is no seller id: one looks like {error.example}."
        ) from error


def _known_seller(store: Store, region: str) -> str:
    """Return the seller of the store's one account there; raises CommandError."""
    known = AmazonAccount.objects.filter(store=store, region=region)
    sellers = set(known.values_list("seller_id", flat=True))
    if len(sellers) != 1:
        raise CommandError(
            "Give --seller-id: no answer of Amazon's tells it. Seller Central shows it "
            "under Settings, Account Info, Your Merchant Token."
        )
    return str(sellers.pop())


def _sites(region: str, wanted: list[str]) -> tuple[str, ...]:
    found = []
    for name in wanted:
        meant = tidy(name).upper()
        ids = [
            site.id
            for site in by_region(region)
            if meant in {site.id, site.country_code}
        ]
        if not ids:
            known = ", ".join(site.country_code for site in by_region(region))
            raise CommandError(f"{name} is no marketplace of {region}: {known}.")
        found += ids
    return tuple(found)


def _describe(account: AmazonAccount) -> dict[str, Any]:
    left_out = account.participations.filter(is_selected=False)
    deselected = set(left_out.values_list("marketplace_id", flat=True))
    return {
        "account": account.pk,
        "store": account.store.slug,
        "region": account.region,
        "seller_id": account.seller_id,
        "name": account.name,
        "state": account.state,
        "live": account.is_live,
        "marketplaces": [
            site.id
            for site in MARKETPLACES.values()
            if site.region == account.region and site.id not in deselected
        ],
    }
