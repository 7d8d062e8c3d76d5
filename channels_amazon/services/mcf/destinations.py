"""Reads where a store order goes: masked, each look recorded; services layer."""

from __future__ import annotations

import logging

from cryptography.fernet import InvalidToken
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from channels_amazon.models import StoreOrder, StoreOrderPersonalData, load_secret
from channels_amazon.rules.mcf.destination import PARTS
from channels_amazon.services.diagnostics.entries import Entry, Level, record
from channels_amazon.services.jobs.key_holders import (
    RETRY,
    SecretUnreadable,
    holders_of_other_keys,
    secret_unreadable,
)
from channels_amazon.wording import sentence

logger = logging.getLogger(__name__)

# Needed to see at a glance where a parcel goes.
_SHOWN = frozenset({"city", "countryCode", "stateOrRegion"})
_DOTS = "•••"


class DestinationUnreadable(SecretUnreadable):
    """The key that encrypted the address is gone: no process holds it.

    As every fault of a key it decides nothing: it may be back with the next restart.
    """


def destination_of(order: StoreOrder) -> dict[str, str]:
    """Return the address as it is, {} once it was deleted.

    For placing the order alone: nobody's look is recorded. Raises SecretUnreadable:
    DestinationUnreadable unless another process has the key.
    """
    try:
        row = StoreOrderPersonalData.objects.filter(order=order).first()
    except InvalidToken as error:
        if holders_of_other_keys(timezone.now()):
            raise secret_unreadable(
                sentence("The order's address cannot be decrypted.")
            ) from error
        raise DestinationUnreadable(
            "personal_data.undecryptable",
            sentence(
                "FERNET_KEYS no longer holds the key that encrypted this order's "
                "address."
            ),
            fix=sentence("Add the old key to FERNET_KEYS again, as a later one."),
            retry_at=timezone.now() + RETRY,
        ) from None
    kept = load_secret(row.destination) if row else {}
    # In the order in which an address is written.
    return {name: kept[name] for name in PARTS if kept.get(name)}


def masked_destination(order: StoreOrder) -> dict[str, str]:
    """Return the address with all that is personal hidden, {} for none."""
    try:
        parts = destination_of(order)
    except SecretUnreadable:
        logger.warning("destination unreadable store_order=%s", order.pk)
        return {}
    return {
        name: text if name in _SHOWN else _DOTS for name, text in parts.items() if text
    }


def reveal_destination(
    order: StoreOrder, user: AbstractBaseUser | AnonymousUser
) -> dict[str, str]:
    """Return the address as it is; who asked is written down.

    The caller has checked that the user may. Raises SecretUnreadable.
    """
    record(
        Entry(
            code="personal_data.revealed",
            level=Level.INFO,
            store=order.store,
            reference=order.number,
            message=sentence("The address of the store order was shown unmasked."),
            actor=user.get_username(),
        )
    )
    return destination_of(order)
