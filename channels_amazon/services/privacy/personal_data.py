"""Keeps buyer and recipient encrypted and masked by default; services layer."""

from __future__ import annotations

import logging
from typing import Any

from cryptography.fernet import InvalidToken
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.utils import timezone

from channels_amazon.errors import ShoplinkError
from channels_amazon.models import (
    Order,
    OrderPersonalData,
    dump_secret,
    load_secret,
)
from channels_amazon.services.diagnostics.entries import Entry, Level, record
from channels_amazon.services.jobs.key_holders import holders_of_other_keys
from channels_amazon.services.privacy import name_search
from channels_amazon.services.privacy.standing import is_past_its_time
from channels_amazon.wording import sentence

logger = logging.getLogger(__name__)

# Not personal by Amazon's list, and needed to see at a glance where a parcel goes.
_SHOWN = frozenset({"addressType", "city", "countryCode", "stateOrRegion"})
_DOTS = "•••"


class PersonalDataUnreadable(ShoplinkError):
    """The key that encrypted the data is gone."""


def store_personal_data(
    order: Order, buyer: dict[str, Any] | None, recipient: dict[str, Any] | None
) -> bool:
    """Keep what Amazon gave of buyer and recipient; return whether anything is kept.

    Nothing is kept of orders that Amazon ships, which nobody here needs it for, nor of
    orders whose time is over. What Amazon no longer gives leaves what there is.
    """
    is_ours = order.fulfilled_by == Order.FulfilledBy.MERCHANT
    if not is_ours or not (buyer or recipient):
        return False
    now = timezone.now()
    if is_past_its_time(order, now):
        return False
    with transaction.atomic():
        row: Any = _locked_row(order)
        if row is None:
            return False
        before = row.pk and (row.buyer, row.recipient)
        row.buyer = dump_secret(buyer) or row.buyer
        row.recipient = dump_secret(recipient) or row.recipient
        row.received_at = now
        # The order was written just now: its days may count from another moment.
        row.due_at = None
        row.save()
        # Most readings of an order bring the people it had.
        if (row.buyer, row.recipient) != before:
            name_search.write_words({row.pk: (row.buyer, row.recipient)})
    return True


def masked(order: Order) -> dict[str, Any]:
    """Return buyer and recipient with all that is personal hidden, {} for none."""
    try:
        data = _read(order)
    except InvalidToken:
        logger.warning("personal data unreadable order=%s", order.pk)
        return {}
    return {name: _mask(part) for name, part in data.items() if part}


def reveal(order: Order, user: AbstractBaseUser | AnonymousUser) -> dict[str, Any]:
    """Return buyer and recipient as they are; who asked is written down.

    The caller has checked that the user may. Raises PersonalDataUnreadable.
    """
    record(
        Entry(
            code="personal_data.revealed",
            level=Level.INFO,
            account=order.account,
            reference=order.amazon_order_id,
            message=sentence("Buyer and recipient of the order were shown unmasked."),
            actor=user.get_username(),
        )
    )
    try:
        return {name: part for name, part in _read(order).items() if part}
    except InvalidToken:
        raise PersonalDataUnreadable(
            "personal_data.undecryptable",
            sentence(
                "FERNET_KEYS no longer holds the key that encrypted this order's buyer."
            ),
            fix=sentence("Add the old key to FERNET_KEYS again, as a later one."),
        ) from None


def _locked_row(order: Order) -> OrderPersonalData | None:
    """Return the order's row, a new one where there is none or no key opens it.

    None where this process alone lacks the key: the row is good, and stays.
    """
    rows = OrderPersonalData.objects.filter(order=order)
    try:
        row: OrderPersonalData | None = rows.select_for_update(no_key=True).first()
    except InvalidToken:
        if holders_of_other_keys(timezone.now()):
            logger.error("personal data not kept, keys differ order=%s", order.pk)
            return None
        # What Amazon gives again replaces what was lost with its key.
        rows.only("pk").delete()
        row = None
    return row or OrderPersonalData(order=order, store_id=order.account.store_id)


def _read(order: Order) -> dict[str, Any]:
    row = OrderPersonalData.objects.filter(order=order).first()
    if row is None:
        return {}
    return {"buyer": load_secret(row.buyer), "recipient": load_secret(row.recipient)}


def _mask(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _mask(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_mask(inner, key) for inner in value]
    if key in _SHOWN or value in (None, ""):
        return value
    return _DOTS
