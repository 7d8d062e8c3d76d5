"""Keeps what was entered for chosen orders, in the reader's session; views layer.

A page that is an answer to a form cannot be reloaded or gone back to without sending
the form again. So each answer leads to the page instead, which shows what is kept. Each
choice of orders has its own, so that of two tabs neither takes the other's away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, TypedDict

from django.forms import Form
from django.http import HttpRequest
from django.utils import timezone

from channels_amazon.forms.local_times import WHICH_SUFFIX, ZONE_SUFFIX
from channels_amazon.services.shipping.selection import ChosenOrder

# The session is read with each page: it holds the last choices alone.
MOST_KEPT = 3
# Somebody who comes back later has to look at the ship date anew.
KEPT_FOR = timedelta(hours=1)
_NAME = "chosen_orders"


class Entered(TypedDict):
    """What was entered for a choice, by the names of the form's fields.

    `is_rest`: they are what is left of more, of which the others were sent.
    """

    orders: list[int]
    at: float
    data: dict[str, str]
    is_rest: bool


def keep(
    request: HttpRequest,
    chosen: Iterable[ChosenOrder],
    forms: Iterable[Form],
    *,
    is_rest: bool = False,
) -> None:
    """Keep what was posted for the fields of these forms, as the choice's last."""
    orders = _orders(chosen)
    # A time is what it was typed as: with its zone, and which of two is meant.
    names = [
        f"{field.html_name}{more}"
        for form in forms
        for field in form
        for more in ("", ZONE_SUFFIX, WHICH_SUFFIX)
    ]
    entered = Entered(
        orders=orders,
        at=timezone.now().timestamp(),
        data={name: text for name in names if (text := request.POST.get(name))},
        is_rest=is_rest,
    )
    # What a page showed is told by that page alone.
    entered["data"].pop("seen", None)
    others = _others(request, orders)
    request.session[_NAME] = [*others, entered][-MOST_KEPT:] if orders else others


def entered_for(request: HttpRequest, chosen: Iterable[ChosenOrder]) -> Entered | None:
    """Return what was entered for just these orders, None where that is long ago."""
    orders = _orders(chosen)
    return next((one for one in _kept(request) if one["orders"] == orders), None)


def forget(request: HttpRequest, chosen: Iterable[ChosenOrder]) -> None:
    """Forget what was entered for these orders."""
    request.session[_NAME] = _others(request, _orders(chosen))


def _others(request: HttpRequest, orders: list[int]) -> list[Entered]:
    return [one for one in _kept(request) if one["orders"] != orders]


def _kept(request: HttpRequest) -> Sequence[Entered]:
    oldest = (timezone.now() - KEPT_FOR).timestamp()
    kept: Any = request.session.get(_NAME, [])
    return [one for one in kept if one["at"] > oldest]


def _orders(chosen: Iterable[ChosenOrder]) -> list[int]:
    return sorted(one.order.pk for one in chosen)
