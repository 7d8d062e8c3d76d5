"""Says a stock rule in words; views layer."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from channels_amazon.rules.scope import Scope
from channels_amazon.rules.stock.terms import (
    WHOLE,
    BadTerms,
    ShareMode,
    StockTerms,
    stock_terms,
)
from channels_amazon.services.sync_rules.stored import Rule

_UNREADABLE = gettext_lazy(
    "The rule cannot be read, so 0 are published: change or delete it."
)


def rule_sentence(rule: Rule, accounts: Mapping[int, str]) -> str:
    """Return what the rule publishes, in a sentence; `accounts` are names by key."""
    who = _who(rule.scope, accounts)
    try:
        terms = stock_terms(rule.terms)
    except BadTerms:
        return f"{who}: {_UNREADABLE}"
    if not terms.is_published:
        return _("%(who)s publishes no quantity: Amazon keeps the one it has.") % {
            "who": who
        }
    if terms.fixed is not None:
        return _("%(who)s always publishes %(fixed)d.") % {
            "who": who,
            "fixed": terms.fixed,
        }
    return _shared_sentence(who, terms)


def _shared_sentence(who: str, terms: StockTerms) -> str:
    values = {"who": who, "share": terms.share, "limits": _limits(terms)}
    is_split = terms.mode is ShareMode.SPLIT
    if is_split and terms.share == WHOLE:
        told = _(
            "%(who)s publishes all that is available, as a part of its own%(limits)s."
        )
    elif is_split:
        told = _(
            "%(who)s publishes %(share)d %% of what is available, as a part of its "
            "own%(limits)s."
        )
    elif terms.share == WHOLE:
        told = _("%(who)s publishes all that the parts of others leave%(limits)s.")
    else:
        told = _(
            "%(who)s publishes %(share)d %% of what the parts of others "
            "leave%(limits)s."
        )
    return told % values


def _limits(terms: StockTerms) -> str:
    """Return the limits as they follow in the sentence."""
    told = ""
    if terms.buffer:
        told += ngettext(
            ", holds back %(count)d unit", ", holds back %(count)d units", terms.buffer
        ) % {"count": terms.buffer}
    if terms.cap is not None:
        told += _(", at most %(cap)d") % {"cap": terms.cap}
    if terms.floor:
        told += _(", and stops at %(floor)d") % {"floor": terms.floor}
    return told


def _who(scope: Scope, accounts: Mapping[int, str]) -> str:
    """Return for what a rule holds, as the beginning of a sentence."""
    if scope.account_id is None:
        who = _("Every account")
    else:
        who = accounts.get(scope.account_id, _("An account that is gone"))
    if scope.seller_sku:
        who = pgettext("scope", "%(who)s, SKU %(sku)s,") % {
            "who": who,
            "sku": scope.seller_sku,
        }
    if scope.category:
        who = pgettext("scope", "%(who)s, category %(category)s,") % {
            "who": who,
            "category": scope.category,
        }
    return who
