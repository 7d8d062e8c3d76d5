"""Takes in the store's own orders, and what people decide of them; services layer.

Who ships an order is decided when it comes in, or as soon as Amazon has answered what
it would cost. The store's own number is also the order's id at Amazon.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from channels_amazon.errors import ShoplinkError
from channels_amazon.models import (
    FulfillmentOrder,
    Store,
    StoreOrder,
    StoreOrderLine,
    StoreOrderPersonalData,
    SyncJob,
    Variant,
    dump_secret,
    translated,
)
from channels_amazon.rules.mcf.destination import BadDestination, read_destination
from channels_amazon.rules.mcf.reasons import DecisionReasons
from channels_amazon.rules.privacy.retention import (
    OPEN_PERSONAL_DATA_KEPT,
    PERSONAL_DATA_KEPT,
)
from channels_amazon.services.diagnostics.entries import Entry, Level, record
from channels_amazon.services.jobs import lifecycle
from channels_amazon.services.mcf.commitments import lock_fulfillment
from channels_amazon.services.mcf.decisions import consider, lock_store_order
from channels_amazon.services.mcf.results import withdraw
from channels_amazon.spapi.outbound import OutboundVersion, PackageStatus
from channels_amazon.wording import Sentence, sentence

State = StoreOrder.State

LONGEST_NUMBER = 40
# As many as Amazon takes in one order.
MOST_LINES, MOST_UNITS = 100, 250
LONGEST_SKU, LONGEST_LINE = 80, 50
_GRAIN = timedelta(minutes=5)


class StoreOrderError(ShoplinkError):
    """An order that cannot be taken, or a step that it does not allow any more."""

    def __init__(self, message: str, *, code: str = "store_orders.invalid") -> None:
        super().__init__(code, message)


@dataclass(frozen=True, slots=True)
class LineDraft:
    """One line as the store tells it."""

    number: str
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOrderDraft:
    """An order as the store tells it; `destination` has parts by Amazon's names."""

    number: str
    placed_at: datetime
    lines: Sequence[LineDraft]
    destination: Mapping[str, str] = field(repr=False)
    speed: str = StoreOrder.Speed.STANDARD
    currency: str = ""
    total: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """The order as it is kept; `is_new` is False for one that was known."""

    order: StoreOrder
    is_new: bool


def place_store_order(store: Store, *, draft: StoreOrderDraft, actor: str) -> Placed:
    """Keep the order, and decide who ships it as far as that can be known now.

    The same number again is the order there is. An unknown SKU keeps the order, which
    then needs a person. Raises StoreOrderError for a draft that cannot be, and for a
    known number with other lines.
    """
    destination = check_draft(draft)
    with transaction.atomic():
        order, is_new = StoreOrder.objects.get_or_create(
            store=store,
            number=draft.number,
            defaults={
                "placed_at": draft.placed_at,
                "country_code": destination["countryCode"],
                "speed": draft.speed,
                "currency": draft.currency or store.currency,
                "total": draft.total,
                "created_by": actor[:150],
            },
        )
        if not is_new:
            _check_same(order, draft)
            return Placed(order, is_new=False)
        _add_lines(order, draft.lines)
        StoreOrderPersonalData.objects.create(
            order=order,
            destination=dump_secret(destination),
            received_at=timezone.now(),
        )
        consider(order)
    return Placed(order, is_new=True)


def check_draft(draft: StoreOrderDraft) -> dict[str, str]:
    """Return the tidied destination; raises StoreOrderError for a bad draft."""
    if not draft.number or draft.number != draft.number.strip():
        raise StoreOrderError(_("The order needs a number."))
    if len(draft.number) > LONGEST_NUMBER or not draft.number.isprintable():
        raise StoreOrderError(
            _("The order number may have %(most)d characters at most.")
            % {"most": LONGEST_NUMBER}
        )
    if timezone.is_naive(draft.placed_at):
        raise StoreOrderError(_("The time of the order has no time zone."))
    if draft.placed_at > timezone.now() + _GRAIN:
        raise StoreOrderError(_("The order was placed in the future."))
    if draft.speed not in StoreOrder.Speed.values:
        raise StoreOrderError(
            _("The speed must be one of: %(names)s.")
            % {"names": ", ".join(StoreOrder.Speed.values)}
        )
    _check_lines(draft.lines)
    try:
        return read_destination(draft.destination)
    except BadDestination as error:
        raise StoreOrderError(translated(error.message)) from error


def cancel_store_order(order: StoreOrder, *, actor: str) -> Sentence:
    """Cancel the order, at Amazon too while it allows that; return what was done.

    Raises StoreOrderError when it is too late.
    """
    with transaction.atomic():
        locked = lock_store_order(order.pk)
        placed = FulfillmentOrder.objects.filter(order=locked).first()
        if placed is None or placed.ended_at is not None:
            text = _cancel_here(locked)
        else:
            text = _cancel_at_amazon(lock_fulfillment(placed.pk), actor)
        record(
            Entry(
                code="store_orders.cancel",
                level=Level.INFO,
                store=locked.store,
                reference=locked.number,
                message=text,
                actor=actor,
            )
        )
    order.refresh_from_db()
    return text


def ship_locally(order: StoreOrder, *, actor: str) -> None:
    """Have the store ship the order itself; raises StoreOrderError if Amazon does."""
    with transaction.atomic():
        locked = lock_store_order(order.pk)
        if locked.state not in {State.NEW, State.NEEDS_PERSON}:
            raise StoreOrderError(
                _("The order is %(state)s: it cannot be shipped from here.")
                % {"state": locked.get_state_display()}
            )
        locked.state = State.LOCAL
        locked.decided_at = timezone.now()
        locked.decided_why = DecisionReasons(
            reason=sentence("%(actor)s chose to ship it from here.", actor=actor),
            previews=locked.why.previews,
        ).to_json()
        locked.save(update_fields=["state", "decided_at", "decided_why"])
    order.refresh_from_db()


def decide_again(order: StoreOrder) -> None:
    """Forget the decision and decide by the stock and rules of now.

    Raises StoreOrderError where Amazon has had the order: it takes a number only once.
    """
    with transaction.atomic():
        locked = lock_store_order(order.pk)
        if locked.state not in {State.NEW, State.NEEDS_PERSON, State.LOCAL}:
            raise StoreOrderError(
                _("The order is %(state)s: there is nothing to decide.")
                % {"state": locked.get_state_display()}
            )
        if has_been_at_amazon(locked):
            raise StoreOrderError(
                _(
                    "Amazon has had this order, and takes a number only once: ship it "
                    "yourself, or place it under a new number."
                )
            )
        FulfillmentOrder.objects.filter(order=locked).delete()
        _match(locked)
        locked.state = State.NEW
        locked.decided_why = {}
        locked.decide_after = None
        locked.attempts = 0
        locked.save()
        consider(locked)
    order.refresh_from_db()


def needs_person(order: StoreOrder, reason: Sentence) -> None:
    """Leave a new order to a person, who reads why."""
    StoreOrder.objects.filter(pk=order.pk, state=State.NEW).update(
        state=State.NEEDS_PERSON,
        decided_at=timezone.now(),
        decided_why=replace(order.why, reason=reason).to_json(),
    )


def postpone(order: StoreOrder, until: datetime) -> None:
    """Decide a new order then, since Amazon could not answer now."""
    StoreOrder.objects.filter(pk=order.pk, state=State.NEW).update(
        decide_after=until, attempts=F("attempts") + 1
    )


def wait_for_key(order: StoreOrder, until: datetime) -> None:
    """Decide a new order then: its address cannot be read, which is not its fault."""
    StoreOrder.objects.filter(pk=order.pk, state=State.NEW).update(decide_after=until)


def restore(order: StoreOrder, until: datetime) -> None:
    """Take back that it was put off `until` then: it was not the order's fault."""
    StoreOrder.objects.filter(pk=order.pk, state=State.NEW, decide_after=until).update(
        decide_after=order.decide_after, attempts=order.attempts
    )


def has_been_at_amazon(order: StoreOrder) -> bool:
    """Tell whether Amazon has, or may have, an order of this number."""
    placed = FulfillmentOrder.objects.filter(order=order)
    return bool(
        placed.exclude(state=FulfillmentOrder.State.REFUSED, placed_at=None).exists()
    )


def past_their_time(now: datetime) -> QuerySet[StoreOrder]:
    """Return the orders whose destination may not be kept any more.

    Its days count from the delivery, or the end where no delivery is known, and from
    the placing of an order that nobody ever ended.
    """
    limit = now - PERSONAL_DATA_KEPT
    delivered = Q(delivered_at__lt=limit)
    ended_at_amazon = Q(delivered_at=None, fulfillment__ended_at__lt=limit)
    here = Q(state__in=(State.LOCAL, State.CANCELLED), fulfillment=None)
    ended = delivered | ended_at_amazon | here & Q(decided_at__lt=limit)
    forgotten = Q(placed_at__lt=now - OPEN_PERSONAL_DATA_KEPT)
    orders: QuerySet[StoreOrder] = StoreOrder.objects.filter(ended | forgotten)
    return orders


def _check_lines(lines: Sequence[LineDraft]) -> None:
    if not 1 <= len(lines) <= MOST_LINES:
        raise StoreOrderError(
            _("An order must have 1 to %(most)d lines.") % {"most": MOST_LINES}
        )
    if len({line.number for line in lines}) != len(lines):
        raise StoreOrderError(_("Two lines have the same number."))
    for line in lines:
        if not 0 < len(line.sku) <= LONGEST_SKU or not line.sku.isprintable():
            raise StoreOrderError(_("A line has no usable SKU."))
        if not 0 < len(line.number) <= LONGEST_LINE:
            raise StoreOrderError(_("A line has no usable number."))
        if line.quantity < 1:
            raise StoreOrderError(
                _("The line of %(sku)s has no units.") % {"sku": line.sku}
            )
    if sum(line.quantity for line in lines) > MOST_UNITS:
        raise StoreOrderError(
            _("An order may have %(most)d units at most.") % {"most": MOST_UNITS}
        )


def _check_same(order: StoreOrder, draft: StoreOrderDraft) -> None:
    known = {
        line.number: (line.sku, line.quantity)
        for line in StoreOrderLine.objects.filter(order=order)
    }
    drafted = {line.number: (line.sku, line.quantity) for line in draft.lines}
    if known != drafted:
        raise StoreOrderError(
            _("Order %(number)s is known already, with other lines.")
            % {"number": order.number},
            code="store_orders.other_content",
        )


def _add_lines(order: StoreOrder, lines: Sequence[LineDraft]) -> None:
    StoreOrderLine.objects.bulk_create(
        [
            StoreOrderLine(
                order=order, number=line.number, sku=line.sku, quantity=line.quantity
            )
            for line in lines
        ]
    )
    _match(order)


def _match(order: StoreOrder) -> None:
    """Link the lines whose SKU the store knows by now."""
    loose = list(StoreOrderLine.objects.filter(order=order, variant=None))
    skus = {line.sku for line in loose}
    known = Variant.objects.filter(store_id=order.store_id, sku__in=skus)
    variants = dict(known.values_list("sku", "pk"))
    for line in loose:
        if line.sku in variants:
            line.variant_id = variants[line.sku]
            line.save(update_fields=["variant"])


def _cancel_here(order: StoreOrder) -> Sentence:
    if order.state not in {State.NEW, State.NEEDS_PERSON, State.LOCAL}:
        raise StoreOrderError(
            _("The order is %(state)s: there is nothing to cancel.")
            % {"state": order.get_state_display()}
        )
    order.state = State.CANCELLED
    order.decided_at = timezone.now()
    order.decide_after = None
    order.save(update_fields=["state", "decided_at", "decide_after"])
    return sentence("The order is cancelled here; Amazon ships nothing of it.")


def _cancel_at_amazon(placed: FulfillmentOrder, actor: str) -> Sentence:
    if placed.state == placed.State.WAITING and not placed.attempts:
        withdraw(placed)
        return sentence("The order is cancelled before Amazon was told of it.")
    if placed.cancel_asked_at is not None:
        return sentence("Amazon is being asked to cancel the order.")
    if not may_cancel(placed):
        raise StoreOrderError(
            _("Amazon is already packing the order: it cannot be cancelled any more.")
        )
    FulfillmentOrder.objects.filter(pk=placed.pk).update(
        cancel_asked_at=timezone.now(),
        cancel_asked_by=actor[:150],
        next_attempt_at=None,
        next_poll_at=timezone.now(),
    )
    lifecycle.wake(placed.account_id, SyncJob.Kind.MCF_ORDERS)
    return sentence("Amazon is being asked to cancel the order.")


def may_cancel(placed: FulfillmentOrder) -> bool:
    """Tell whether Amazon may still cancel the order.

    Version 2020-07-01 says when packing began; the newer one does not, so there it is
    worth the question until a package is on its way.
    """
    if placed.cancel_asked_at is not None or placed.ended_at is not None:
        return False
    early = {placed.State.WAITING, placed.State.RECEIVED, placed.State.PLANNING}
    if placed.state in early:
        return True
    is_silent = placed.api_version != OutboundVersion.V2020
    is_packing = placed.state == placed.State.PROCESSING
    on_its_way = placed.packages.exclude(status=PackageStatus.PROCESSING)
    return is_silent and is_packing and not on_its_way.exists()
