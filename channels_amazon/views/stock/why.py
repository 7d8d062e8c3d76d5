"""Says why a listing publishes its quantity: figures and rule; views layer."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from channels_amazon.rules.scope import Scope
from channels_amazon.rules.stock.quantity_inputs import QuantityInputs
from channels_amazon.rules.stock.sharing import DecidedBy, SharingInputs
from channels_amazon.services.sync_rules.stored import Rule
from channels_amazon.views.labels import decision
from channels_amazon.views.stock.rule_words import rule_sentence

Line = tuple[str, str]


def why_lines(why: QuantityInputs | None, account: tuple[int, str]) -> list[Line]:
    """Return the reasons as labels and values, [] for none.

    `account` is the key and the name of the listing's account.
    """
    if why is None:
        return []
    return [*_stock(why), *_rule(why, account)]


def _stock(why: QuantityInputs) -> Iterator[Line]:
    yield _("On hand"), str(why["on_hand"])
    yield _("Reserved"), str(why["reserved"])
    yield _("Safety stock"), str(why["safety_stock"])
    if why["available"] is None:
        yield _("Available"), _("never counted")
    else:
        yield _("Available"), str(why["available"])
    yield _("How"), _("on hand − reserved − safety stock, never below 0")
    places = [
        f"{one['code']}: {one['on_hand']} − {one['reserved']}"
        for one in why["warehouses"]
    ]
    if places:
        yield _("Warehouses"), "; ".join(places)


def _rule(why: QuantityInputs, account: tuple[int, str]) -> Iterator[Line]:
    sharing = why.get("sharing")
    if sharing is None:
        yield _("Stock rule"), _("none: all that is available is published")
        yield from _waits(why)
        return
    yield _("Stock rule"), rule_sentence(_as_it_was(why, sharing), dict([account]))
    if sharing["split_percent"]:
        yield (
            _("Parts of all accounts"),
            ngettext(
                "%(percent)d %% together, %(count)d unit",
                "%(percent)d %% together, %(count)d units",
                sharing["split_units"],
            )
            % {"percent": sharing["split_percent"], "count": sharing["split_units"]},
        )
    if why["available"] is not None:
        yield _("It may draw from"), str(sharing["seen"])
    if sharing["buffer"]:
        yield _("Held back"), _buffer(sharing)
    yield _("Decided by"), decision(sharing["decided_by"])
    yield from _waits(why)


def _waits(why: QuantityInputs) -> Iterator[Line]:
    part = why.get("part")
    if part is not None:
        yield (
            _("Waits"),
            _("%(part)d once Amazon has the lower number of another account")
            % {"part": part},
        )


def _buffer(sharing: SharingInputs) -> str:
    held, needed = sharing["buffer"], sharing["buffer_needed"]
    if needed <= held:
        return str(held)
    return _("%(held)d, of %(needed)d that its sales would need") % {
        "held": held,
        "needed": needed,
    }


def _as_it_was(why: QuantityInputs, sharing: SharingInputs) -> Rule:
    """Return the rule as it was when it decided the number."""
    scope = why.get("scope")
    terms: dict[str, object]
    if sharing["decided_by"] == DecidedBy.NOT_PUBLISHED:
        terms = {"is_published": False}
    elif sharing["fixed"] is not None:
        terms = {"fixed": sharing["fixed"]}
    else:
        terms = {
            "mode": sharing["mode"],
            "share": sharing["share"],
            "cap": sharing["cap"],
            "floor": sharing["floor"],
        }
    return Rule(
        why.get("sync_rule"),
        Scope(
            scope["account"] if scope else None,
            category=scope["category"] if scope else "",
            seller_sku=scope["seller_sku"] if scope else "",
        ),
        terms,
    )
