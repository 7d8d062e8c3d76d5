"""What the controls do to MCF orders that Amazon fulfils; emulator."""

from __future__ import annotations

from ..mcf import fulfilment
from ..model.buyers import fake_buyer
from ..model.mcf_orders import McfItem, McfOrder, McfStatus
from ..model.places import PLACES
from ..model.state import World
from .actions import seller_of, set_switches
from .fields import Body, ControlError, Json

# The step of `fulfilment.STEPS` that leads to a status.
_STEP_TO = {
    McfStatus.RECEIVED: "receive",
    McfStatus.PLANNING: "plan",
    McfStatus.PROCESSING: "process",
    McfStatus.COMPLETE: "ship",
}


def place_outbound(world: World, body: Body) -> Json:
    """Let the merchant have an MCF order; units that lack are added first."""
    seller = seller_of(world, body)
    sku, quantity, status = body["sku"], body["quantity"], McfStatus(body["status"])
    marketplace_id = seller.marketplace_ids[0]
    stock = world.stock_for(seller.seller_id, sku, marketplace_id)
    if stock is None:
        raise ControlError(f"There is no listing {sku} with FBA units.", 404)
    if (seller.seller_id, body["order_id"]) in world.mcf_orders:
        raise ControlError(f"There is an order {body['order_id']} already.")
    if status == McfStatus.COMPLETE_PARTIALLED and quantity < 2:
        raise ControlError("A partly complete order needs a quantity of two or more.")
    stock.fulfillable = max(stock.fulfillable, quantity)
    order = _draft(world, body, seller.seller_id, marketplace_id)
    fulfilment.place(world, order)
    _advance_to(world, order, status)
    return _result(order)


def step_outbound(world: World, body: Body) -> Json:
    """Move an MCF order on, through every step up to the one named."""
    order = fulfilment.find_mcf_order(
        world, body["order_id"], body.get("seller_id") or ""
    )
    step = body["step"]
    if step == "cancel":
        fulfilment.cancel(world, order)
    elif step == "unfulfillable":
        fulfilment.make_unfulfillable(world, order, body["sku"], body["quantity"])
    elif step == "ship":
        fulfilment.advance_to(world, order, "process")
        carrier = body["carrier"] or fulfilment.CARRIER
        fulfilment.ship_with(world, order, carrier, body["tracking_number"] or "")
    else:
        fulfilment.advance_to(world, order, step)
    return _result(order)


def change_outbound(world: World, body: Body) -> Json:
    """Set the switches of multi-channel fulfilment that were given."""
    return set_switches(world.switches.outbound, body)


def _draft(world: World, body: Body, seller_id: str, marketplace_id: str) -> McfOrder:
    country = PLACES[marketplace_id].country_code
    _, _, address = fake_buyer(world.random, country)
    destination = {
        "name": address.name,
        "addressLine1": address.line1,
        "city": "" if country == "JP" else address.city,
        "stateOrRegion": address.state,
        "postalCode": address.postal_code,
        "countryCode": country,
    }
    now = world.now()
    return McfOrder(
        order_id=body["order_id"],
        seller_id=seller_id,
        marketplace_id=marketplace_id,
        created_at=now,
        updated_at=now,
        destination={name: text for name, text in destination.items() if text},
        items=[McfItem("1", body["sku"], body["quantity"])],
        amazon_order_id=f"S01-{world.serial():07d}-{world.random.randrange(10**7):07d}",
        displayable_id=body["order_id"],
        displayable_at=now,
        comment="Thank you for your order.",
        is_deliverable=body["status"] != McfStatus.INVALID,
    )


def _advance_to(world: World, order: McfOrder, status: McfStatus) -> None:
    if status == McfStatus.NEW:
        return
    if status == McfStatus.CANCELLED:
        fulfilment.cancel(world, order)
    elif status == McfStatus.UNFULFILLABLE:
        fulfilment.advance_to(world, order, "process")
        fulfilment.make_unfulfillable(world, order)
    elif status == McfStatus.COMPLETE_PARTIALLED:
        fulfilment.advance_to(world, order, "process")
        fulfilment.make_unfulfillable(world, order, units=1)
        fulfilment.advance_to(world, order, "ship")
    elif status == McfStatus.INVALID:
        fulfilment.receive(world, order)
    else:
        fulfilment.advance_to(world, order, _STEP_TO[status])


def _result(order: McfOrder) -> Json:
    return {
        "order_id": order.order_id,
        "amazon_order_id": order.amazon_order_id,
        "status": order.status,
    }
