"""A package whose answer got lost is looked for at Amazon before it is sent again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import AmazonAccount, Shipment
from channels_amazon.rules.shipping.lateness import NOT_SHOWN_AFTER
from channels_amazon.services.shipping.shipment_edits import edit_shipment
from channels_amazon.services.shipping.shipments import ShipmentDraft
from channels_amazon.spapi import operations
from tests.amazon_proxy import (
    AmazonProxy,
    Spoiler,
    edited,
    html,
    lost_answer,
    refusal,
)
from tests.sync.shipping.scene import (
    ON_HAND,
    make_shipper,
    on_hand,
    place,
    run,
    ship,
    theirs,
)

pytestmark = pytest.mark.django_db

CONFIRM = operations.CONFIRM_SHIPMENT.name
GET_ORDER = operations.GET_ORDER.name


@pytest.fixture
def account(emulator: Emulator, amazon_proxy: AmazonProxy) -> AmazonAccount:
    """Give a connected account with stock, whose every call passes the proxy."""
    return make_shipper(emulator)


def asked(proxy: AmazonProxy) -> list[str]:
    """Return which of the two operations were asked for, in this order."""
    names = [one.operation for one in proxy.asked]
    return [name for name in names if name in {CONFIRM, GET_ORDER}]


@pytest.mark.parametrize("spoiler", [lost_answer(), html(502)], ids=["lost", "502"])
def test_confirmation_without_an_answer_is_not_sent_again_unseen(
    emulator: Emulator,
    amazon_proxy: AmazonProxy,
    account: AmazonAccount,
    spoiler: Spoiler,
) -> None:
    shipment = ship(place(emulator, account))
    amazon_proxy.forget()
    amazon_proxy.spoil(CONFIRM, spoiler, times=1)

    run(account)
    assert asked(amazon_proxy) == [CONFIRM]

    run(account)
    assert asked(amazon_proxy)[:2] == [CONFIRM, GET_ORDER]
    look = [one for one in amazon_proxy.asked if one.operation == GET_ORDER][0]
    assert "PACKAGES" in look.query["includedData"]
    shipment.refresh_from_db()
    assert shipment.state in {Shipment.State.CONFIRMED, Shipment.State.VERIFIED}


def test_package_that_arrived_is_found_and_sent_once(
    emulator: Emulator, amazon_proxy: AmazonProxy, account: AmazonAccount
) -> None:
    order = place(emulator, account)
    shipment = ship(order)
    amazon_proxy.spoil(CONFIRM, lost_answer(), times=1)

    for _ in range(3):
        run(account)

    shipment.refresh_from_db()
    assert shipment.state == Shipment.State.VERIFIED
    assert amazon_proxy.count(CONFIRM) == 1
    assert len(theirs(emulator, order).packages) == 1


def test_package_that_never_arrived_is_sent_after_the_look(
    emulator: Emulator, amazon_proxy: AmazonProxy, account: AmazonAccount
) -> None:
    order = place(emulator, account)
    amazon_proxy.forget()
    amazon_proxy.spoil(CONFIRM, html(503), times=1)
    ship(order)

    run(account)
    run(account)

    assert asked(amazon_proxy)[:3] == [CONFIRM, GET_ORDER, CONFIRM]
    assert len(theirs(emulator, order).packages) == 1


def without_packages(content: Any) -> Any:
    """Edit Amazon's order so that it shows no package yet."""
    content["order"].pop("packages", None)
    return content


@pytest.fixture
def unshown(
    emulator: Emulator, amazon_proxy: AmazonProxy, account: AmazonAccount
) -> Shipment:
    """Give a package that Amazon has, says so, and does not show; its answer was lost.

    Five runs have looked for it since.
    """
    shipment = ship(place(emulator, account))
    amazon_proxy.spoil(CONFIRM, lost_answer(), times=1)
    amazon_proxy.spoil(CONFIRM, refusal(400, "InvalidInput", "Already fulfilled."))
    amazon_proxy.spoil(GET_ORDER, edited(without_packages))
    for _ in range(6):
        run(account)
    shipment.refresh_from_db()
    return shipment


def test_package_that_amazon_says_it_has_is_looked_for_and_not_refused(
    amazon_proxy: AmazonProxy, account: AmazonAccount, unshown: Shipment
) -> None:
    assert unshown.state == Shipment.State.WAITING
    assert unshown.error_code == "shipment.already_shipped"
    # The one that was lost, and the one that Amazon refused; then it is read only.
    assert amazon_proxy.count(CONFIRM) == 2

    amazon_proxy.mend()
    run(account)

    unshown.refresh_from_db()
    assert unshown.state == Shipment.State.VERIFIED
    assert amazon_proxy.count(CONFIRM) == 2


def test_package_that_is_never_shown_is_refused_in_the_end(
    account: AmazonAccount, unshown: Shipment
) -> None:
    long_ago = timezone.now() - NOT_SHOWN_AFTER - timedelta(seconds=1)
    Shipment.objects.update(unanswered_since=long_ago)

    run(account)

    unshown.refresh_from_db()
    assert (unshown.state, unshown.error_code) == (
        Shipment.State.REFUSED,
        "shipment.already_shipped",
    )


def test_package_that_did_not_leave_this_host_is_known_not_to_have_arrived(
    emulator: Emulator, amazon_proxy: AmazonProxy, account: AmazonAccount
) -> None:
    shipment = ship(place(emulator, account))
    amazon_proxy.spoil(CONFIRM, html(511), times=1)

    run(account)

    shipment.refresh_from_db()
    assert shipment.unanswered_since is None


def renumber(shipment: Shipment) -> None:
    """Give the package another tracking number, as a person does meanwhile."""
    draft = ShipmentDraft(
        carrier_code="UPS",
        tracking_number="1Z-new",
        shipped_at=shipment.shipped_at,
        quantities={line.line_id: line.quantity for line in shipment.lines.all()},
    )
    edit_shipment(shipment, draft=draft, actor="ann")


def test_package_that_arrived_is_not_refused_because_its_edit_was(
    emulator: Emulator, amazon_proxy: AmazonProxy, account: AmazonAccount
) -> None:
    order = place(emulator, account)
    shipment = ship(order)
    amazon_proxy.spoil(CONFIRM, lost_answer(), times=1)
    run(account)
    shipment.refresh_from_db()
    assert shipment.state == Shipment.State.WAITING
    renumber(shipment)
    amazon_proxy.spoil(CONFIRM, refusal(400, "InvalidInput", "carrierCode is invalid"))

    for _ in range(4):
        run(account)

    shipment.refresh_from_db()
    (package,) = theirs(emulator, order).packages
    assert shipment.state == Shipment.State.VERIFIED
    assert shipment.tracking_number == package.tracking_number == "1Z3"
    assert shipment.unanswered_since is None
    # Its units have left, and do not go back on sale.
    assert on_hand() == (ON_HAND - 3, 0)


def test_edit_of_a_package_that_amazon_says_it_has_is_looked_for_and_not_sent(
    amazon_proxy: AmazonProxy, account: AmazonAccount, unshown: Shipment
) -> None:
    renumber(unshown)
    run(account)
    amazon_proxy.forget()

    for _ in range(3):
        run(account)

    unshown.refresh_from_db()
    assert unshown.state == Shipment.State.WAITING
    assert set(asked(amazon_proxy)) == {GET_ORDER}
