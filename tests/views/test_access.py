"""Who may open which page: every address of the application has a row here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import URLResolver, reverse

from channels_amazon.models import StoreMember, SyncRule
from channels_amazon.services.stock.stock_takes import preview
from channels_amazon.urls import urlpatterns
from tests.builders import make_parcel, make_run, make_saved_rule, make_template
from tests.services.pricing.scene import make_manual_rate
from tests.views.scene import (
    World,
    make_member_client,
    make_quarantined,
    make_refused,
    make_world,
    signed_in,
)


@dataclass(frozen=True)
class Address:
    """How to ask for a page; `args` of one that shows a store's row."""

    args: Callable[[World], tuple[Any, ...]] | None = None
    method: str = "get"
    for_role: str = ""


def _account(world: World) -> tuple[Any, ...]:
    return (world.account.pk,)


def _store(world: World) -> tuple[Any, ...]:
    return (world.store.pk,)


def _order(world: World) -> tuple[Any, ...]:
    return (world.order.pk,)


def _variant(world: World) -> tuple[Any, ...]:
    return (world.variant.pk,)


def _entry(world: World) -> tuple[Any, ...]:
    return ("events", world.entry.pk)


def _package(world: World) -> tuple[Any, ...]:
    return (world.order.pk, make_refused(world.order).pk)


def _store_order(world: World) -> tuple[Any, ...]:
    return (world.store_order.pk,)


def _account_with_run(world: World) -> tuple[Any, ...]:
    make_run(world.account)
    return (world.account.pk,)


def _rule(world: World) -> tuple[Any, ...]:
    return (world.rule.pk,)


def _message(world: World) -> tuple[Any, ...]:
    return (make_quarantined(world.account).pk,)


def _parcel(world: World) -> tuple[Any, ...]:
    return (make_parcel(world.order).pk,)


def _template(world: World) -> tuple[Any, ...]:
    return (make_template(world.store, is_active=False).pk,)


def _take(world: World) -> tuple[Any, ...]:
    return (preview(world.warehouse, "sku,counted\n", actor="").pk,)


def _rate(world: World) -> tuple[Any, ...]:
    return (make_manual_rate(world.store).pk,)


def _report(world: World) -> tuple[Any, ...]:
    return (world.report.pk,)


def _download(world: World) -> tuple[Any, ...]:
    return (world.report.pk, "json")


def _listing(world: World) -> tuple[Any, ...]:
    return (world.variant.listings.get().pk,)


def _sync_rule(world: World) -> tuple[Any, ...]:
    make_saved_rule(world.account)
    return (SyncRule.objects.get(store=world.store).pk,)


def _revision(world: World) -> tuple[Any, ...]:
    return (make_saved_rule(world.account).pk,)


def _dry_run(world: World) -> tuple[Any, ...]:
    return (make_saved_rule(world.account).dry_run.pk,)


OPERATOR, OWNER = "operator", "owner"

ADDRESSES = {
    "amazon-account-disconnect": Address(_account, "post", OWNER),
    "amazon-account-list": Address(),
    "amazon-account-progress": Address(_account),
    "amazon-appstore-login": Address(),
    "amazon-bulk-ship": Address(),
    "amazon-bulk-ship-example": Address(),
    "amazon-bulk-ship-take": Address(_store, "post", OPERATOR),
    "amazon-callback": Address(),
    "amazon-cancel-decline": Address(_order, "post", OPERATOR),
    "amazon-cancel-reopen": Address(_order, "post", OPERATOR),
    "amazon-connect": Address(),
    "amazon-connect-private": Address(),
    "amazon-data-protection": Address(),
    "amazon-fba-rule-add": Address(),
    "amazon-fba-rule-delete": Address(_rule, "post", OPERATOR),
    "amazon-fba-rule-edit": Address(_rule, "post", OPERATOR),
    "amazon-fba-rule-list": Address(),
    "amazon-exchange-rates": Address(),
    "amazon-rate-remove": Address(_rate, "post", OPERATOR),
    "amazon-rate-set": Address(_store, "post", OPERATOR),
    "amazon-rates-fetch": Address(_store, "post", OPERATOR),
    "amazon-rates-history": Address(_store),
    "amazon-endpoint-secret": Address(_store, "post", OWNER),
    "amazon-endpoint-set": Address(_store, "post", OWNER),
    "amazon-endpoint-test": Address(_store, "post", OWNER),
    "amazon-go-live": Address(_account),
    "amazon-go-live-export": Address(_account),
    "amazon-go-live-pause": Address(_account, "post", OWNER),
    "amazon-go-live-start": Address(_account, "post", OWNER),
    "amazon-health-download": Address(_download),
    "amazon-health-index": Address(),
    "amazon-health-report": Address(_report),
    "amazon-health-run": Address(_account, "post", OPERATOR),
    "amazon-installation-confirm": Address(None, "post"),
    "amazon-installation-copy": Address(None, "post"),
    "amazon-listing-numbers": Address(_listing),
    "amazon-listing-push-again": Address(_listing, "post", OPERATOR),
    "amazon-listing-take-amazons": Address(_listing, "post", OPERATOR),
    "amazon-log-detail": Address(_entry),
    "amazon-log-export": Address(),
    "amazon-log-list": Address(),
    "amazon-order-detail": Address(_order),
    "amazon-order-export": Address(),
    "amazon-order-list": Address(),
    "amazon-order-return": Address(_order, "post", OPERATOR),
    "amazon-order-retry": Address(_order, "post", OPERATOR),
    "amazon-order-reveal": Address(_order, "post"),
    "amazon-order-search": Address(None, "post"),
    "amazon-order-ship": Address(_order, "post", OPERATOR),
    "amazon-overview": Address(),
    "amazon-overview-hours": Address(),
    "amazon-search": Address(),
    "amazon-setup": Address(),
    "amazon-setup-store": Address(_store, "get", OWNER),
    "amazon-purge-proofs": Address(_store),
    "amazon-reconciliation-list": Address(),
    "amazon-status": Address(_account),
    "amazon-status-index": Address(),
    "amazon-sync-log": Address(_account),
    "amazon-sync-log-download": Address(_account_with_run),
    "amazon-package-confirm": Address(_package, "post", OPERATOR),
    "amazon-package-discard": Address(_package, "post", OPERATOR),
    "amazon-quarantine-act": Address(None, "post"),
    "amazon-quarantine-detail": Address(_message),
    "amazon-quarantine-discard": Address(_message, "post", OPERATOR),
    "amazon-quarantine-list": Address(),
    "amazon-quarantine-replay": Address(_message, "post", OPERATOR),
    "amazon-store-endpoint": Address(),
    "amazon-package-edit": Address(_package, "get", OPERATOR),
    "amazon-parcel-discard": Address(_parcel, "post", OPERATOR),
    "amazon-parcel-list": Address(),
    "amazon-parcel-retry": Address(_parcel, "post", OPERATOR),
    "amazon-ship-selected": Address(),
    "amazon-ship-template-add": Address(),
    "amazon-ship-template-edit": Address(_template, "get", OPERATOR),
    "amazon-ship-template-list": Address(),
    "amazon-ship-template-preview": Address(_template),
    "amazon-ship-template-switch": Address(_template, "post", OPERATOR),
    "amazon-shipment-board": Address(),
    "amazon-movement-export": Address(),
    "amazon-movement-list": Address(),
    "amazon-stock-adjust": Address(_variant, "post", OPERATOR),
    "amazon-stock-detail": Address(_variant),
    "amazon-stock-export": Address(),
    "amazon-stock-list": Address(),
    "amazon-stock-rule-add": Address(),
    "amazon-stock-rule-delete": Address(_sync_rule, "post", OPERATOR),
    "amazon-stock-rule-dry-run": Address(_dry_run),
    "amazon-stock-rule-dry-run-again": Address(_dry_run, "post", OPERATOR),
    "amazon-stock-rule-dry-run-export": Address(_dry_run),
    "amazon-stock-rule-dry-run-save": Address(_dry_run, "post", OPERATOR),
    "amazon-stock-rule-edit": Address(_sync_rule, "get", OPERATOR),
    "amazon-stock-rule-list": Address(),
    "amazon-stock-rule-undo": Address(_revision, "post", OPERATOR),
    "amazon-stock-set": Address(_variant, "post", OPERATOR),
    "amazon-stock-take": Address(_take),
    "amazon-stock-take-example": Address(),
    "amazon-stock-take-left-out": Address(_take),
    "amazon-stock-take-list": Address(),
    "amazon-stock-take-rows": Address(_take),
    "amazon-stock-take-save": Address(_take, "post", OPERATOR),
    "amazon-stock-transfer": Address(_variant, "post", OPERATOR),
    "amazon-store-order-cancel": Address(_store_order, "post", OPERATOR),
    "amazon-store-order-decide": Address(_store_order, "post", OPERATOR),
    "amazon-store-order-detail": Address(_store_order),
    "amazon-store-order-import": Address(),
    "amazon-store-order-list": Address(),
    "amazon-store-order-reveal": Address(_store_order, "post"),
    "amazon-store-order-ship": Address(_store_order, "post", OPERATOR),
    "amazon-subscribe": Address(_account, "post", OPERATOR),
    "amazon-user-settings": Address(),
}
OF_ROWS = sorted(name for name, address in ADDRESSES.items() if address.args)
FOR_ROLES = sorted(name for name, address in ADDRESSES.items() if address.for_role)
# Whoever holds an account may open these without a row of their own to show.
LISTS = (
    "amazon-account-list",
    "amazon-data-protection",
    "amazon-exchange-rates",
    "amazon-fba-rule-add",
    "amazon-fba-rule-list",
    "amazon-log-list",
    "amazon-log-export",
    "amazon-order-export",
    "amazon-order-list",
    "amazon-overview",
    "amazon-search",
    "amazon-quarantine-list",
    "amazon-parcel-list",
    "amazon-ship-template-list",
    "amazon-shipment-board",
    "amazon-reconciliation-list",
    "amazon-movement-export",
    "amazon-movement-list",
    "amazon-stock-export",
    "amazon-stock-list",
    "amazon-stock-rule-list",
    "amazon-stock-take-list",
    "amazon-store-order-import",
    "amazon-store-order-list",
    "amazon-store-endpoint",
    "amazon-user-settings",
)

pytestmark = pytest.mark.django_db


def ask(client: Client, name: str, world: World) -> Any:
    """Return the answer to the page's address for the first store's row."""
    address = ADDRESSES[name]
    args = address.args(world) if address.args else ()
    return getattr(client, address.method)(reverse(name, args=args))


def body(response: Any) -> bytes:
    """Return the body, of a streamed answer too."""
    whole: bytes = response.getvalue() if response.streaming else response.content
    return whole


def test_addresses_are_all_in_the_table() -> None:
    folders = [entry for entry in urlpatterns if isinstance(entry, URLResolver)]
    assert len(folders) == len(urlpatterns)
    names = {getattr(page, "name", "") for one in folders for page in one.url_patterns}
    assert names == set(ADDRESSES)


@pytest.mark.parametrize("name", sorted(ADDRESSES))
def test_page_leads_anonymous_to_sign_in(name: str, client: Client) -> None:
    response = ask(client, name, make_world())

    assert response.status_code == 302
    assert response["Location"].startswith("/admin/login/?next=")


@pytest.mark.parametrize("name", OF_ROWS)
def test_page_is_not_there_for_member_of_another_store(name: str) -> None:
    world = make_world()

    assert ask(signed_in(world.stranger), name, world).status_code == 404


@pytest.mark.parametrize("name", LISTS)
def test_list_holds_nothing_of_another_store(name: str) -> None:
    world = make_world()

    response = ask(signed_in(world.stranger), name, world)

    assert response.status_code == 200
    text = body(response).decode()
    for secret in (
        world.account.name,
        world.account.seller_id,
        world.order.amazon_order_id,
        world.variant.sku,
        world.entry.message,
        world.store_order.number,
        world.rule.name,
    ):
        assert secret not in text


@pytest.mark.parametrize("name", LISTS)
def test_list_opens_for_member_without_model_permissions(name: str) -> None:
    world = make_world()

    assert ask(signed_in(world.owner), name, world).status_code == 200


@pytest.mark.parametrize("name", FOR_ROLES)
def test_change_is_refused_to_viewer(name: str) -> None:
    world = make_world()
    client = make_member_client(world.store, StoreMember.Role.VIEWER)

    assert ask(client, name, world).status_code == 403


@pytest.mark.parametrize(
    "name", [name for name in FOR_ROLES if ADDRESSES[name].for_role == OWNER]
)
def test_owners_change_is_refused_to_operator(name: str) -> None:
    world = make_world()
    client = make_member_client(world.store, StoreMember.Role.OPERATOR)

    assert ask(client, name, world).status_code == 403


@pytest.mark.parametrize("name", FOR_ROLES)
def test_change_needs_post(name: str) -> None:
    world = make_world()
    address = ADDRESSES[name]
    assert address.args

    path = reverse(name, args=address.args(world))
    response = signed_in(world.owner).get(path)

    assert response.status_code in {200, 302}
    if response.status_code == 302:
        # To the page of the form, which changes nothing.
        assert signed_in(world.owner).get(response["Location"]).status_code == 200


def test_fragment_reloads_page_after_session_ended(client: Client) -> None:
    response = client.get(reverse("amazon-order-list"), headers={"HX-Request": "true"})

    assert response["HX-Refresh"] == "true"


def test_front_page_leads_to_overview() -> None:
    world = make_world()

    response = signed_in(world.owner).get(reverse("admin:index"))

    assert response["Location"] == reverse("amazon-overview")
