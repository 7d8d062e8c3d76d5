"""What needs the reader, asked once a page for all its parts; views layer."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from channels_amazon.models import AmazonAccount
from channels_amazon.models.scope import capped
from channels_amazon.rules.health.attention import Attention, Need, Needed, Said
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.health.attention import AttentionRows, read_attention
from channels_amazon.services.health.processes import is_alive

_KEY = "_shoplink_attention"
_NUMBERS = "_shoplink_numbers_beside"
MOST_BESIDE = 300


class Beside(StrEnum):
    """What a number in the side bar counts: the value is part of its element's id."""

    NEEDS = "needs"
    TO_SHIP = "ship"
    UNMATCHED = "unmatched"
    LATE = "late"
    PARCELS = "parcels"
    QUARANTINE = "quarantine"
    # On the heads of groups, which show them while they are folded.
    ORDERS = "orders"
    SYSTEM = "system"


# The needs that a number adds up. What is to ship is no need, and all of them are one.
_COUNTED: Mapping[Beside, tuple[Need, ...]] = {
    Beside.UNMATCHED: (Need.UNMATCHED,),
    Beside.LATE: (Need.LATE,),
    Beside.PARCELS: (Need.PARCEL_REFUSED, Need.PARCEL_UNKNOWN),
    Beside.QUARANTINE: (Need.ORDER_QUARANTINED, Need.MESSAGE_QUARANTINED),
}
# What stands on the head of a group: what is late is to ship, and counts once.
_SUMS: Mapping[Beside, tuple[Beside, ...]] = {
    Beside.ORDERS: (Beside.TO_SHIP, Beside.UNMATCHED, Beside.PARCELS),
    Beside.SYSTEM: (Beside.QUARANTINE,),
}


def attention_rows(request: HttpRequest) -> AttentionRows:
    """Return what is known of all accounts that the reader sees, read once a request.

    The side bar, the page's first line and its detail all come from it, so that they
    cannot differ.
    """
    return _kept(request) or _keep(request, list(_visible(request)))


def number_beside(request: HttpRequest, beside: Beside) -> str:
    """Return the number beside an entry of the side bar; "" for none.

    Who sees more than MOST_BESIDE accounts reads it on the pages that say what they
    are: counting takes seconds for thousands.
    """
    numbers: dict[Beside, str] | None = request.__dict__.get(_NUMBERS)
    if numbers is None:
        rows = _kept(request) or _few(request)
        numbers = numbers_beside(rows) if rows is not None else {}
        request.__dict__[_NUMBERS] = numbers
    return numbers.get(beside, "")


def is_worker_alive(request: HttpRequest) -> bool:
    """Tell whether a worker lives, as the rest of the page says it.

    What only sends the reader on to another page reads no more than that.
    """
    rows = _kept(request)
    if rows is None and request.method != "POST":
        rows = _few(request)
    if rows is None:
        return is_alive(Process.QUEUE, timezone.now())
    return rows.facts.is_worker_alive


def numbers_beside(rows: AttentionRows) -> dict[Beside, str]:
    """Return every number of the side bar, "" for what there is none of."""
    needed = rows.attention()
    counts = {
        Beside.NEEDS: needed.total,
        Beside.TO_SHIP: sum(rows.to_ship.values()),
    }
    for beside, needs in _COUNTED.items():
        counts[beside] = sum(needed.count(need) for need in needs)
    for head, parts in _SUMS.items():
        counts[head] = sum(counts[part] for part in parts)
    return {beside: capped(count) if count else "" for beside, count in counts.items()}


def _few(request: HttpRequest) -> AttentionRows | None:
    """Return what is known of the accounts, None where these are too many to count."""
    accounts = list(_visible(request)[: MOST_BESIDE + 1])
    return _keep(request, accounts) if len(accounts) <= MOST_BESIDE else None


def _visible(request: HttpRequest) -> QuerySet[AmazonAccount]:
    rows: QuerySet[AmazonAccount] = AmazonAccount.objects.visible_to(request.user)
    return rows.order_by("pk")


def _kept(request: HttpRequest) -> AttentionRows | None:
    rows: AttentionRows | None = request.__dict__.get(_KEY)
    return rows


def _keep(request: HttpRequest, accounts: list[AmazonAccount]) -> AttentionRows:
    rows = read_attention(accounts, timezone.now())
    request.__dict__[_KEY] = rows
    return rows


def first_line(
    attention: Attention,
    rows: AttentionRows,
    shared: frozenset[Needed] = frozenset(),
) -> str:
    """Return the sentence that says whether anything is needed of the reader.

    Where it is of one account, `shared` is what it has in common with others.
    """
    if attention.said == Said.NONE_CONNECTED:
        return gettext("No Amazon account is connected yet.")
    if attention.said == Said.DISCONNECTED:
        return gettext(
            "No Amazon account is connected any more: nothing is synchronised."
        )
    said = []
    if attention.needed:
        said.append(needs_line(attention, shared))
    if attention.passing and not attention.needed:
        text = gettext(
            "Nothing needs you: what was not read of %(account)s is being read, which "
            "ends by itself."
        )
        account = rows.accounts[attention.passing[0].account_id or 0]
        said.append(text % {"account": account})
    if attention.pulling:
        text = gettext("The first pull of %(account)s is still running.")
        said.append(text % {"account": rows.accounts[attention.pulling[0]]})
    return " ".join(said) or gettext("All is well: nothing waits for you but parcels.")


def needs_line(attention: Attention, shared: frozenset[Needed] = frozenset()) -> str:
    """Return how many things need the reader, in words."""
    total = attention.total
    common = sum(one.count for one in attention.needed if one in shared)
    if not common:
        text = ngettext(
            "%(number)s thing needs you.", "%(number)s things need you.", total
        )
    else:
        text = ngettext(
            "%(number)s thing needs you, %(shared)s of it not this account's alone.",
            "%(number)s things need you, %(shared)s of them not this account's alone.",
            total,
        )
    return text % {"number": capped(total), "shared": common}
