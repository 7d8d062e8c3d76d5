"""What the controls do to the emulated Amazon; emulator.

Each takes the world, whose lock its caller holds, and a body already checked.
"""

from __future__ import annotations

import json

from ..accounts.consent import revoke
from ..accounts.lwa import rotate_secret
from ..model.buckets import Scope
from ..model.clock import iso
from ..model.entities import EmulatedListing, Seller
from ..model.faults import Fault
from ..model.state import EMPTY_QUEUE, World
from ..model.state_dump import bucket_counts
from ..notifications.publishing import send
from ..notifications.stock_and_mcf import publish_stock_change
from ..orders.lifecycle import (
    cancel_order,
    deliver_packages,
    request_cancel,
    set_quantity,
    ship_all_fba,
    ship_by_amazon,
)
from ..orders.ordering import OrderSpec, place_orders, seeded_random, spread_orders
from ..worlds.builder import add_sellers as open_accounts
from ..worlds.builder import build_world
from .fields import Body, ControlError, Json

# The most that one call may add: every order and listing stays in memory.
MOST_ORDERS = 5000
MOST_SELLERS = 200
MOST_LISTINGS = 120
# Fields of the world that a reset with keep_connections leaves as they are. `random`
# and `_serial` are among them so that later ids differ from those used before.
KEPT_WITH_CONNECTIONS = frozenset(
    {
        "authorizations",
        "access_tokens",
        "destinations",
        "subscriptions",
        "random",
        "_serial",
    }
)


def buy(world: World, body: Body) -> Json:
    """Place orders and return their ids."""
    if not 1 <= body["n"] <= MOST_ORDERS:
        raise ControlError(f"n must be between 1 and {MOST_ORDERS}.")
    not_in_spec = {"n", "over_seconds", "seed"}
    spec = OrderSpec(
        **{key: value for key, value in body.items() if key not in not_in_spec}
    )
    with seeded_random(world, body["seed"]):
        if body["over_seconds"] <= 0:
            return {"order_ids": place_orders(world, body["n"], spec)}
        span = body["over_seconds"]
        return {"order_ids": spread_orders(world, body["n"], spec, span)}


def cancel(world: World, body: Body) -> Json:
    """Record a buyer's cancellation request, or cancel an order."""
    order_id, kind = body["order_id"], body["kind"]
    if kind == "request":
        order = request_cancel(world, order_id, body["reason"] or "")
    else:
        order = cancel_order(
            world, order_id, kind.upper(), sku=body["sku"], units=body["quantity"]
        )
    return {"order_id": order.order_id, "status": order.status}


def add_sellers(world: World, body: Body) -> Json:
    """Open further accounts in a region."""
    if not 1 <= body["n"] <= MOST_SELLERS or not 1 <= body["listings"] <= MOST_LISTINGS:
        raise ControlError(
            f"n is at most {MOST_SELLERS} and listings at most {MOST_LISTINGS}."
        )
    added = open_accounts(world, body["region"], body["n"], body["listings"])
    return {"seller_ids": added}


def deliver(world: World, body: Body) -> Json:
    """Let the parcels of a merchant's order arrive."""
    references = deliver_packages(
        world, body["order_id"], body["package_reference_id"], body["status"]
    )
    return {"order_id": body["order_id"], "package_reference_ids": references}


def ship_fba(world: World, body: Body) -> Json:
    """Ship one Amazon-fulfilled order, or all that wait."""
    if body["order_id"]:
        return {"order_ids": [ship_by_amazon(world, body["order_id"]).order_id]}
    names_seller = body["region"] or body["seller_id"]
    seller_id = seller_of(world, body).seller_id if names_seller else None
    return {"order_ids": ship_all_fba(world, seller_id)}


def change_stock(world: World, body: Body) -> Json:
    """Change a quantity at Amazon without a request of the merchant's."""
    seller = seller_of(world, body)
    listing = world.listings.get((seller.seller_id, body["sku"]))
    if listing is None:
        raise ControlError(f"There is no listing {body['sku']}.", 404)
    if body["quantity"] is not None:
        set_quantity(world, listing, body["quantity"])
    if body["fulfillable"] is not None:
        _set_fulfillable(world, listing, body)
    return {"sku": listing.sku, "quantity": listing.quantity}


def _set_fulfillable(world: World, listing: EmulatedListing, body: Body) -> None:
    pools = [
        stock
        for (seller_id, sku, pool), stock in world.fba.items()
        if (seller_id, sku) == (listing.seller_id, listing.sku)
        and body["pool"] in (None, pool)
    ]
    if not pools:
        raise ControlError(f"Listing {listing.sku} has no such FBA stock.", 404)
    for stock in pools:
        stock.fulfillable = body["fulfillable"]
        publish_stock_change(world, stock)


def change_roles(world: World, body: Body) -> Json:
    """Change the application's roles; grants keep those the seller agreed to."""
    application = world.application
    if body["only"] is not None:
        application.roles = set(body["only"])
    application.roles |= set(body["add"])
    application.roles -= set(body["remove"])
    return {"roles": sorted(application.roles)}


def self_authorize(world: World, body: Body) -> Json:
    """Grant a private application access, as its owner does in Seller Central."""
    seller = seller_of(world, body)
    grant = world.authorize(seller.seller_id)
    return {"seller_id": seller.seller_id, "refresh_token": grant.refresh_token}


def revoke_grants(world: World, body: Body) -> Json:
    """Withdraw a seller's grants with their tokens."""
    seller = seller_of(world, body)
    return {"seller_id": seller.seller_id, "revoked": revoke(world, seller.seller_id)}


def expire_tokens(world: World, _body: Body) -> Json:
    """Let every access token end now."""
    for token in world.access_tokens.values():
        token.expires_at = min(token.expires_at, world.now())
    return {"expired": len(world.access_tokens)}


def give_new_secret(world: World, _body: Body) -> Json:
    """Give the application a new client secret."""
    secret = rotate_secret(world)
    return {
        "client_secret": secret.value,
        "old_secrets_expire_at": [
            iso(old.expires_at) for old in world.application.secrets if old.expires_at
        ],
    }


def change_marketplace(world: World, body: Body) -> Json:
    """Change a seller's participation in a marketplace."""
    seller = seller_of(world, body)
    marketplace_id = body["marketplace_id"]
    if marketplace_id not in seller.marketplace_ids:
        raise ControlError(f"The seller does not trade in {marketplace_id}.", 404)
    for holds, members in (
        (body["suspended"], seller.suspended),
        (not body["participating"], seller.not_participating),
    ):
        members.discard(marketplace_id)
        if holds:
            members.add(marketplace_id)
    return {
        "suspended": sorted(seller.suspended),
        "not_participating": sorted(seller.not_participating),
    }


def change_limits(world: World, body: Body) -> Json:
    """Change the rate and burst of an operation, or reset them all."""
    operation, region = body["operation"], body["region"]
    seller_id = body["seller_id"] or ""
    if body["reset"]:
        world.buckets.reset_plans()
    elif body["rate"] is None or body["burst"] is None:
        raise ControlError("rate and burst are needed, or reset.")
    else:
        world.buckets.set_plan(
            Scope(operation, region, seller_id),
            body["rate"],
            body["burst"],
            header=body["header"],
            now=world.now(),
        )
    if operation == "*":
        return {"operation": "*"}
    plan = world.buckets.plan(operation, region, seller_id)
    return {
        "operation": operation,
        "rate": plan.rate,
        "burst": plan.burst,
        "told": plan.header_rate,
    }


def count_tokens(world: World, body: Body) -> Json:
    """Return the counters of every bucket, and restart them if `mark` is set."""
    counts = bucket_counts(world)
    if body["mark"]:
        world.buckets.mark(world.now())
    return counts


def change_faults(world: World, body: Body) -> Json:
    """Add a fault, after dropping the old ones if asked."""
    if body["clear"]:
        world.faults.clear()
    if body["kind"]:
        fault = Fault(
            operation=body["match"],
            kind=body["kind"],
            count=body["count"],
            rate=body["rate"],
            seconds=body["seconds"],
        )
        world.faults.add(fault)
    return {"rules": len(world.faults.rules)}


def change_notifications(world: World, body: Body) -> Json:
    """Set the switches that were given, and publish a body if there is one."""
    raw = body.pop("raw")
    answer = set_switches(world.switches, body)
    if raw is not None:
        text = raw if isinstance(raw, str) else json.dumps(raw)
        for url in world.queues.values():
            send(world, url, text)
        answer["published_to"] = len(world.queues)
    return answer


def change_behaviour(world: World, body: Body) -> Json:
    """Set the switches that were given."""
    return set_switches(world.switches, body)


def change_reports(world: World, body: Body) -> Json:
    """Set the switches of reports that were given."""
    return set_switches(world.switches.reports, body)


def set_switches(switches: object, body: Body) -> Json:
    """Set the switches that were given, and return them all."""
    for name, value in body.items():
        if value is not None:
            setattr(switches, name, value)
    return {name: getattr(switches, name) for name in body}


def change_application(world: World, body: Body) -> Json:
    """Change how the application is registered."""
    application = world.application
    for key, attribute in (
        ("draft", "is_draft"),
        ("listed", "is_listed"),
        ("login_uri", "login_uri"),
        ("redirect_uris", "redirect_uris"),
    ):
        if body[key] is not None:
            setattr(application, attribute, body[key])
    return {
        "draft": application.is_draft,
        "listed": application.is_listed,
        "login_uri": application.login_uri,
        "redirect_uris": application.redirect_uris,
    }


def advance_clock(world: World, body: Body) -> Json:
    """Move the clock forward and run what falls due."""
    world.clock.advance(body["advance"])
    world.run_due()
    world.wake.set()
    return {"now": iso(world.now())}


def reset(world: World, body: Body) -> Json:
    """Build the world anew, and empty the queues.

    With keep_connections later orders get ids that were never used before.
    """
    keep = KEPT_WITH_CONNECTIONS if body["keep_connections"] else frozenset()
    if not keep:
        world.clock.restart()
    name = body["world"] or world.name
    seed = world.seed if body["seed"] is None else body["seed"]
    world.replace_with(build_world(name, seed, world.clock), keep=keep)
    for url in world.queues.values():
        world.outbox.append((url, EMPTY_QUEUE))
    world.wake.set()
    return {"world": world.name, "seed": world.seed}


def seller_of(world: World, body: Body) -> Seller:
    """Return the seller a body names, or the first of its region."""
    chosen = body.get("seller_id")
    return world.sellers[chosen] if chosen else world.seller_of_region(body["region"])
