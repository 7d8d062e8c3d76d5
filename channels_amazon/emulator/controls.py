"""The list of controls: their names, bodies and words; emulator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import control_actions as act
from .buckets import DEFAULT_PLANS
from .control_fields import Choices, Control, Current, Field
from .entities import Application
from .faults import KINDS
from .more_sellers import add_sellers
from .places import PLACES, REGIONS
from .roles import ALL_ROLES
from .state import World
from .world import PLANS

LWA_OPERATION = "lwa.token"
MCF_STATUSES = (
    "New",
    "Received",
    "Planning",
    "Processing",
    "Cancelled",
    "Complete",
    "CompletePartialled",
    "Unfulfillable",
    "Invalid",
)


def _fixed(*names: str) -> Choices:
    return lambda _world: names


def _seller_ids(world: World) -> tuple[str, ...]:
    return tuple(world.sellers)


def _pools(_world: World) -> tuple[str, ...]:
    return tuple(dict.fromkeys(place.fba_pool for place in PLACES.values()))


def _switch(name: str) -> Current:
    def current(world: World) -> Any:
        return getattr(world.switches, name)

    return current


def _registered(read: Callable[[Application], Any]) -> Current:
    return lambda world: read(world.application)


_REGIONS = _fixed(*REGIONS)
_MARKETPLACES = _fixed(*PLACES)
_OPERATIONS = _fixed("*", *DEFAULT_PLANS)
_FAULT_OPERATIONS = _fixed("*", LWA_OPERATION, *DEFAULT_PLANS)
_REGION = Field("region", "text", "Region", "na", _REGIONS)
_SELLER = Field("seller_id", "text", "Seller", None, _seller_ids, in_form=False)
_ORDER_ID = Field("order_id", "text", "Order")

_ALL = (
    Control(
        "orders",
        "Place orders",
        "Buyers place n orders now; what is left open is chosen by chance.",
        (
            Field("n", "whole", "How many", 1),
            _REGION,
            Field("marketplace_id", "text", "Marketplace", None, _MARKETPLACES),
            Field(
                "fulfilled_by",
                "text",
                "Fulfilled by",
                None,
                _fixed("MERCHANT", "AMAZON"),
            ),
            Field("sku", "text", "SKU"),
            Field("quantity", "whole", "Quantity"),
            Field("unknown_sku", "yes_no", "With a SKU nobody knows", False),
            Field("status", "text", "Status", in_form=False),
            Field("currency", "text", "Currency", in_form=False),
            Field("replacement_of", "text", "Replaces order", in_form=False),
            _SELLER,
        ),
        act.buy,
    ),
    Control(
        "cancel",
        "Cancel an order",
        "The buyer asks for a cancel, or the order is cancelled.",
        (
            Field("order_id", "text", "Order", required=True),
            Field(
                "kind",
                "text",
                "What happens",
                "request",
                _fixed("request", "buyer", "merchant", "amazon"),
            ),
            Field("reason", "text", "Reason", in_form=False),
        ),
        act.cancel,
    ),
    Control(
        "ship_fba",
        "Ship from Amazon's warehouse",
        "Amazon ships one order, or all Amazon-fulfilled orders that wait.",
        (_ORDER_ID, Field("region", "text", "Region", None, _REGIONS), _SELLER),
        act.ship_fba,
    ),
    Control(
        "stock",
        "Change stock at Amazon",
        "Change a quantity at Amazon without the merchant's doing.",
        (
            _REGION,
            Field("sku", "text", "SKU", required=True),
            Field("quantity", "whole", "Merchant's quantity"),
            Field("fulfillable", "whole", "Fulfillable at FBA"),
            Field("pool", "text", "FBA pool", None, _pools),
            _SELLER,
        ),
        act.change_stock,
    ),
    Control(
        "outbound",
        "Multi-channel fulfilment order",
        "The merchant's web shop lets Amazon fulfil an order.",
        (
            _REGION,
            Field("order_id", "text", "Order", required=True),
            Field("sku", "text", "SKU", required=True),
            Field("quantity", "whole", "Quantity", 1),
            Field("status", "text", "Status", "Received", _fixed(*MCF_STATUSES)),
            _SELLER,
        ),
        act.place_outbound,
    ),
    Control(
        "roles",
        "Roles of the application",
        "Removing a role acts at once; a new one only after re-authorisation.",
        (
            Field("add", "names", "Add", [], _fixed(*ALL_ROLES), in_form=False),
            Field("remove", "names", "Remove", [], _fixed(*ALL_ROLES), in_form=False),
            Field(
                "only",
                "names",
                "Roles",
                None,
                _fixed(*ALL_ROLES),
                current=_registered(lambda application: application.roles),
            ),
        ),
        act.change_roles,
    ),
    Control(
        "sellers",
        "More sellers",
        "Further sellers begin to trade in a region, without past orders.",
        (
            Field("n", "whole", "How many", 1),
            _REGION,
            Field("listings", "whole", "Listings of each", 12),
        ),
        add_sellers,
    ),
    Control(
        "self_authorize",
        "Authorise a private application",
        "The owner of a private application gets a refresh token to paste.",
        (Field("region", "text", "Region", "na", _REGIONS), _SELLER),
        act.self_authorize,
    ),
    Control(
        "revoke",
        "Revoke the authorisation",
        "The seller withdraws every grant; tokens end at once.",
        (_REGION, _SELLER),
        act.revoke_grants,
    ),
    Control(
        "expire_tokens",
        "Expire access tokens",
        "Every access token ends now; refresh tokens stay.",
        (),
        act.expire_tokens,
    ),
    Control(
        "rotate_secret",
        "Rotate the client secret",
        "A new secret is made; the old one stays valid for seven days.",
        (),
        act.give_new_secret,
    ),
    Control(
        "marketplaces",
        "Marketplace participation",
        "Change whether the seller trades in a marketplace.",
        (
            _REGION,
            Field(
                "marketplace_id",
                "text",
                "Marketplace",
                None,
                _MARKETPLACES,
                required=True,
            ),
            Field("participating", "yes_no", "Participating", True),
            Field("suspended", "yes_no", "Has suspended listings", False),
            _SELLER,
        ),
        act.change_marketplace,
    ),
    Control(
        "limits",
        "Quota",
        "Set requests a second and burst of an operation, or go back to Amazon's.",
        (
            Field("operation", "text", "Operation", "*", _OPERATIONS),
            Field("rate", "number", "Requests a second"),
            Field("burst", "whole", "Burst"),
            Field("region", "text", "Region", "", _fixed("", *REGIONS)),
            Field("reset", "yes_no", "Back to the defaults, full buckets", False),
        ),
        act.change_limits,
    ),
    Control(
        "faults",
        "Faults",
        "Let answers fail; without a count the fault stays until cleared.",
        (
            Field("match", "text", "Operation", "*", _FAULT_OPERATIONS),
            Field("kind", "text", "Kind", None, _fixed(*KINDS)),
            Field("count", "whole", "How many times"),
            Field("rate", "number", "Share of requests (0 to 1)", 1.0),
            Field("seconds", "number", "Seconds", 1.0),
            Field("clear", "yes_no", "First clear all faults", False),
        ),
        act.change_faults,
    ),
    Control(
        "notifications",
        "Notifications",
        "How events are delivered; a raw body is published as it is.",
        (
            Field(
                "duplicates",
                "whole",
                "Further copies of each",
                current=_switch("duplicates"),
            ),
            Field("delay", "number", "Delay in seconds", current=_switch("delay")),
            Field("reorder", "yes_no", "Out of order", current=_switch("reorder")),
            Field(
                "pending_event",
                "yes_no",
                "Event for pending orders too",
                current=_switch("pending_event"),
            ),
            Field("silent", "yes_no", "None at all", current=_switch("silent")),
            Field("raw", "any_json", "Raw body"),
        ),
        act.change_notifications,
    ),
    Control(
        "behaviour",
        "Behaviour",
        "How long things take, and who visits the consent page.",
        (
            Field(
                "pending_seconds",
                "number",
                "Orders stay pending (seconds)",
                current=_switch("pending_seconds"),
            ),
            Field(
                "accept_seconds",
                "number",
                "Listing changes take (seconds)",
                current=_switch("accept_seconds"),
            ),
            Field(
                "package_seconds",
                "number",
                "Parcels show after (seconds)",
                current=_switch("package_seconds"),
            ),
            Field(
                "primary_user",
                "yes_no",
                "The visitor is the primary user",
                current=_switch("primary_user"),
            ),
            Field(
                "consent_limit",
                "yes_no",
                "The limit of sellers is reached",
                current=_switch("consent_limit"),
            ),
        ),
        act.change_behaviour,
    ),
    Control(
        "application",
        "Registration of the application",
        "What the developer registered with Amazon.",
        (
            Field(
                "redirect_uris",
                "names",
                "Redirect URIs",
                current=_registered(lambda application: application.redirect_uris),
            ),
            Field(
                "login_uri",
                "text",
                "Login URI",
                current=_registered(lambda application: application.login_uri),
            ),
            Field(
                "draft",
                "yes_no",
                "Draft",
                current=_registered(lambda application: application.is_draft),
            ),
            Field(
                "listed",
                "yes_no",
                "Listed in the Appstore",
                current=_registered(lambda application: application.is_listed),
            ),
        ),
        act.change_application,
    ),
    Control(
        "clock",
        "Clock",
        "Jump forward in time.",
        (Field("advance", "number", "Seconds", 60, required=True),),
        act.advance_clock,
    ),
    Control(
        "reset",
        "Start anew",
        "Build the world again and empty the queues; connected accounts may stay so.",
        (
            Field("world", "text", "World", None, _fixed(*PLANS), in_form=False),
            Field("seed", "whole", "Seed", in_form=False),
            Field(
                "keep_connections",
                "yes_no",
                "Keep connections",
                False,
                current=lambda _world: True,
            ),
        ),
        act.reset,
    ),
)
CONTROLS: dict[str, Control] = {control.name: control for control in _ALL}
