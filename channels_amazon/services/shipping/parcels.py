"""Stores the parcels that the store or a person reports; services layer.

A parcel is stored once however often it is reported. `services/shipping/packing.py`
packs it for its order; until then it waits, or says what a person must do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from channels_amazon.errors import ShoplinkError
from channels_amazon.models import AmazonAccount, Order, Parcel, Store, SyncJob
from channels_amazon.rules.shipping.templates import MOST_UNITS
from channels_amazon.rules.shipping.tracking import number_key, without_spaces
from channels_amazon.services.jobs import lifecycle
from channels_amazon.wording import Sentence, sentence

State = Parcel.State
Source = Parcel.Source


ORDER_UNKNOWN = "parcel.order_unknown"
NO_TEMPLATE = "parcel.no_template"
CARRIER_UNKNOWN = "parcel.carrier_unknown"

# Parcels in one transaction: SQLite has one writer, and a file of 10,000 parcels must
# not keep the others out for seconds.
_CHUNK = 500


class ParcelError(ShoplinkError):
    """A parcel that cannot be stored as it was reported."""

    def __init__(self, message: str) -> None:
        super().__init__("parcels.invalid", message)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelFacts:
    """A parcel as it was reported, in the store's own words.

    `contents` are units by seller SKU, empty for all that is left of the order. The
    same `key` is the same parcel; without one, the same tracking number of the order.
    """

    amazon_order_id: str
    carrier: str
    tracking_number: str
    shipped_at: datetime
    method: str = ""
    contents: Mapping[str, int] = field(default_factory=dict)
    key: str = ""


@dataclass(slots=True)
class TakenParcels:
    """How many reported parcels were new, changed, known, or shipped otherwise."""

    new: int = 0
    changed: int = 0
    known: int = 0
    packed_otherwise: int = 0


def take_parcels(
    store: Store, reported: Iterable[ParcelFacts], *, source: Source, actor: str
) -> TakenParcels:
    """Store parcels and have them packed; return what became of them.

    They are stored _CHUNK at a time. The same parcel reported again changes it as long
    as it is in no shipment. Raises ParcelError at the first one that is invalid.
    """
    taken = TakenParcels()
    for chunk in _chunks(reported):
        for facts in chunk:
            check_facts(facts)
        with transaction.atomic():
            _take_chunk(store, chunk, taken, source=source, actor=actor)
    return taken


def check_facts(facts: ParcelFacts) -> None:
    """Raise ParcelError unless the facts describe a parcel that has left."""
    tracking = without_spaces(facts.tracking_number)
    # Amazon requires a tracking number, and one is never made up.
    if not tracking or not tracking.isprintable() or len(tracking) > 80:
        raise ParcelError(_("Enter the tracking number: Amazon requires it."))
    if not facts.amazon_order_id.strip() or len(facts.amazon_order_id) > 40:
        raise ParcelError(_("Enter Amazon's order id."))
    if not facts.carrier.strip() or len(facts.carrier) > 80 or len(facts.method) > 80:
        raise ParcelError(_("Enter the carrier."))
    if timezone.is_naive(facts.shipped_at):
        raise ParcelError(_("The ship date needs a time zone."))
    if any(
        not sku or not isinstance(units, int) or not 0 < units <= MOST_UNITS
        for sku, units in facts.contents.items()
    ):
        raise ParcelError(_("Units of a parcel are whole numbers from 1 on, by SKU."))


def key_of(facts: ParcelFacts) -> str:
    """Return the key that the parcel is stored under, once within its store."""
    if facts.key:
        return facts.key[:160]
    # Not `number_key`: rows of earlier versions have this form, and a parcel of theirs
    # that is reported again must find its own. `known_parcels` finds other spellings.
    tracking = without_spaces(facts.tracking_number).casefold()
    return f"{_key_start(facts.amazon_order_id)}{tracking}"[:160]


def known_parcels(store: Store, reported: Iterable[ParcelFacts]) -> dict[str, Parcel]:
    """Return the stored parcels of those reported, by the `key_of` of each.

    One without a key of the store's own is known by its number in any spelling.
    """
    by_key = {key_of(facts): facts for facts in reported}
    rows = Parcel.objects.filter(store=store, idempotency_key__in=by_key)
    known = {row.idempotency_key: row for row in rows}
    unknown = {
        key: _identity(facts)
        for key, facts in by_key.items()
        if not facts.key and key not in known
    }
    orders = {order_id for order_id, _number in unknown.values()}
    alike = Parcel.objects.filter(store=store, amazon_order_id__in=orders)
    by_identity = {
        (row.amazon_order_id, number_key(row.tracking_number)): row
        for row in alike.order_by("-pk")
        if row.idempotency_key.startswith(_key_start(row.amazon_order_id))
    }
    for key, identity in unknown.items():
        if identity in by_identity:
            known[key] = by_identity[identity]
    return known


def differs(parcel: Parcel, facts: ParcelFacts) -> bool:
    """Tell whether the facts differ from the stored parcel."""
    return any(
        getattr(parcel, name) != value for name, value in _columns(facts).items()
    )


def link_orders(account: AmazonAccount) -> int:
    """Link parcels of unknown orders to orders that the account has by now.

    Order and parcel may be stored at the same moment, neither seeing the other.
    Returns how many were linked, _CHUNK at most.
    """
    theirs = Order.objects.filter(
        account=account, amazon_order_id=OuterRef("amazon_order_id")
    )
    loose = Parcel.objects.filter(
        Exists(theirs), store_id=account.store_id, state=State.WAITING, order=None
    )
    ids = dict(loose.values_list("pk", "amazon_order_id")[:_CHUNK])
    if not ids:
        return 0
    orders = dict(
        Order.objects.filter(
            account=account, amazon_order_id__in=set(ids.values())
        ).values_list("amazon_order_id", "pk")
    )
    now = timezone.now()
    return sum(
        Parcel.objects.filter(pk=pk, order=None, state=State.WAITING).update(
            order_id=orders[order_id], try_after=now
        )
        for pk, order_id in ids.items()
        if order_id in orders
    )


def retry_parcel(parcel: Parcel, *, actor: str) -> bool:
    """Queue the parcel for packing again; False if it is in a shipment already."""
    undone = Parcel.objects.filter(pk=parcel.pk).exclude(state=State.APPLIED)
    now = timezone.now()
    with transaction.atomic():
        if not undone.update(
            state=State.WAITING,
            try_after=now if parcel.order_id else None,
            code="" if parcel.order_id else ORDER_UNKNOWN,
            message="" if parcel.order_id else waits_for_order(),
            created_by=actor[:150],
        ):
            return False
        accounts = AmazonAccount.objects.filter(store_id=parcel.store_id)
        for account_id in accounts.values_list("pk", flat=True):
            lifecycle.wake(account_id, SyncJob.Kind.PARCELS)
    return True


def discard_parcel(parcel: Parcel) -> bool:
    """Discard a parcel; False if it is in a shipment or discarded already."""
    undone = Parcel.objects.filter(pk=parcel.pk, state__in=Parcel.OPEN)
    return bool(undone.update(state=State.DROPPED, try_after=None))


def waits_for_order() -> Sentence:
    """Return the message of a parcel whose order is not known yet."""
    return sentence("The order is not known yet. The parcel waits for it.")


def _chunks(reported: Iterable[ParcelFacts]) -> Iterator[list[ParcelFacts]]:
    remaining = iter(reported)
    while chunk := list(islice(remaining, _CHUNK)):
        yield chunk


def _take_chunk(
    store: Store,
    chunk: Sequence[ParcelFacts],
    taken: TakenParcels,
    *,
    source: Source,
    actor: str,
) -> None:
    # One process at a time for a store: two that report one number in two spellings
    # would not see each other's row, and no constraint knows them for the same.
    Store.objects.select_for_update(no_key=True).get(pk=store.pk)
    distinct = {_identity(facts): facts for facts in chunk}.values()
    known = known_parcels(store, distinct)
    orders = _orders_of(store, distinct)
    rows = []
    accounts: set[int] = set()
    for facts in distinct:
        key = key_of(facts)
        order_id, account_id = orders.get(facts.amazon_order_id.strip(), (None, None))
        if key in known:
            is_changed = _change(known[key], facts, order_id, taken)
        else:
            is_changed = True
            rows.append(_row(store, key, facts, order_id))
        if is_changed and account_id is not None:
            accounts.add(account_id)
    for row in rows:
        row.source, row.created_by = source, actor[:150]
    Parcel.objects.bulk_create(rows)
    taken.new += len(rows)
    for account_id in accounts:
        lifecycle.wake(account_id, SyncJob.Kind.PARCELS)


def _identity(facts: ParcelFacts) -> tuple[str, str]:
    """Return what makes two reported parcels one: the store's key, or the number."""
    if facts.key:
        return "", facts.key[:160]
    return facts.amazon_order_id.strip(), number_key(facts.tracking_number)


def _key_start(amazon_order_id: str) -> str:
    """Return how the keys of the order's parcels begin where the store gave none."""
    return f"{amazon_order_id.strip()}:"


def _orders_of(
    store: Store, reported: Iterable[ParcelFacts]
) -> dict[str, tuple[int, int]]:
    ids = {facts.amazon_order_id.strip() for facts in reported}
    rows = Order.objects.filter(account__store=store, amazon_order_id__in=ids)
    return {
        amazon_id: (pk, account_id)
        for amazon_id, pk, account_id in rows.order_by("pk").values_list(
            "amazon_order_id", "pk", "account_id"
        )
    }


def _row(store: Store, key: str, facts: ParcelFacts, order_id: int | None) -> Parcel:
    is_known = order_id is not None
    return Parcel(
        store=store,
        idempotency_key=key,
        order_id=order_id,
        try_after=timezone.now() if is_known else None,
        code="" if is_known else ORDER_UNKNOWN,
        message="" if is_known else waits_for_order(),
        **_columns(facts),
    )


def _columns(facts: ParcelFacts) -> dict[str, object]:
    return {
        "amazon_order_id": facts.amazon_order_id.strip(),
        "carrier": facts.carrier.strip(),
        "method": facts.method.strip(),
        "tracking_number": without_spaces(facts.tracking_number),
        "shipped_at": facts.shipped_at,
        "contents": dict(facts.contents),
    }


def _change(
    parcel: Parcel, facts: ParcelFacts, order_id: int | None, taken: TakenParcels
) -> bool:
    """Update a known parcel with what is new; tell whether to pack it again."""
    if not differs(parcel, facts) or parcel.state == State.DROPPED:
        taken.known += 1
        return False
    undone = Parcel.objects.filter(pk=parcel.pk, state__in=Parcel.OPEN)
    if not undone.update(
        state=State.WAITING,
        order_id=order_id,
        try_after=timezone.now() if order_id else None,
        attempts=F("attempts") + 1,
        **_columns(facts),
    ):
        taken.packed_otherwise += 1
        return False
    taken.changed += 1
    return True
