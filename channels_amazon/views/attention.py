"""What needs the reader, asked once a page for all its parts; views layer."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from channels_amazon.models import AmazonAccount
from channels_amazon.models.scope import COUNT_CAP
from channels_amazon.rules.health.attention import Attention, Needed, Said
from channels_amazon.services.health.attention import AttentionRows, read_attention

_KEY = "_shoplink_attention"
MOST_BESIDE = 300


def attention_rows(request: HttpRequest) -> AttentionRows:
    """Return what is known of all accounts that the reader sees, read once a request.

    The side bar, the page's first line and its detail all come from it, so that they
    cannot differ.
    """
    return _kept(request) or _keep(request, list(_visible(request)))


def number_beside(request: HttpRequest) -> str:
    """Return how many things need the reader, for the side bar; "" for none.

    Who sees more than MOST_BESIDE accounts reads it on the pages that say what they
    are: counting takes seconds for thousands.
    """
    rows = _kept(request)
    if rows is None:
        accounts = list(_visible(request)[: MOST_BESIDE + 1])
        if len(accounts) > MOST_BESIDE:
            return ""
        rows = _keep(request, accounts)
    needed = rows.attention()
    return shown_total(needed) if needed.total else ""


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


def shown_total(attention: Attention) -> str:
    """Return how much is needed, as every page shows it."""
    if attention.total >= COUNT_CAP:
        return f"{COUNT_CAP - 1}+"
    return str(attention.total)


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
    return text % {"number": shown_total(attention), "shared": common}
