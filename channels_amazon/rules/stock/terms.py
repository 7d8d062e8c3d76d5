"""The terms of a stock rule, and what is wrong with terms that cannot be; rules layer.

A stock rule may name an account, a category and a seller SKU (`rules/scope.py`), and no
marketplace: Amazon keeps one quantity for the account and the SKU.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

from channels_amazon.rules.scope import Scope
from channels_amazon.rules.stock.allocation import LARGEST_QUANTITY
from channels_amazon.wording import Sentence, sentence

# Percent: a share of all that there is.
WHOLE = 100


class ShareMode(StrEnum):
    """Whether an account has a part of the stock of its own."""

    # It has, and no other account publishes it.
    SPLIT = "split"
    # It sees what the split ones leave, as every other shared one does.
    SHARED = "shared"


@dataclass(frozen=True, slots=True)
class StockTerms:
    """What a stock rule says: how much of the stock an account publishes.

    `share` is in percent, the others in units. `cap` is the most that is published;
    with `floor` units or fewer none are ("stops at"); `buffer` is held back, at least.
    `fixed` is published as it is, beside the stock; with it no other term counts.
    Without `is_published` no quantity is sent, and Amazon keeps the one it has: a cap
    of 0 is what ends the sale.
    """

    mode: ShareMode = ShareMode.SHARED
    share: int = WHOLE
    cap: int | None = None
    floor: int = 0
    buffer: int = 0
    fixed: int | None = None
    is_published: bool = True

    @property
    def draws_on_stock(self) -> bool:
        """Tell whether what is published follows from what there is."""
        return self.is_published and self.fixed is None

    def to_json(self) -> dict[str, Any]:
        """Return the terms by name, as `stock_terms` reads them."""
        return asdict(self) | {"mode": self.mode.value}


class BadTerms(ValueError):
    """The terms cannot be those of a stock rule; `problems` says why, by field."""

    def __init__(self, problems: Mapping[str, Sentence]) -> None:
        super().__init__("; ".join(f"{name}: {why}" for name, why in problems.items()))
        self.problems = dict(problems)


def stock_terms(given: Mapping[str, object]) -> StockTerms:
    """Return the terms of these values by name; what is left out is as by default.

    Raises BadTerms: a value of another type is never taken for one that is meant.
    """
    problems: dict[str, Sentence] = {}
    known = {field.name for field in fields(StockTerms)}
    for name in given:
        if name not in known:
            problems[name] = sentence("A stock rule has no such term.")
    values: dict[str, Any] = {**StockTerms().to_json(), **given}
    problems |= _problems_by_field(values)
    if problems:
        raise BadTerms(problems)
    terms = StockTerms(**values | {"mode": ShareMode(values["mode"])})
    problems = _contradictions(terms)
    if problems:
        raise BadTerms(problems)
    return terms


def scope_problems(scope: Scope) -> dict[str, Sentence]:
    """Return why a stock rule cannot have this scope, by field; {} where it can."""
    if not scope.marketplace_id:
        return {}
    return {
        "marketplace_id": sentence(
            "Amazon keeps one quantity for an account and SKU, whatever the "
            "marketplace: a stock rule cannot name one."
        )
    }


def _problems_by_field(values: Mapping[str, Any]) -> dict[str, Sentence]:
    problems: dict[str, Sentence] = {}
    if values["mode"] not in tuple(ShareMode):
        problems["mode"] = sentence("The mode is split or shared.")
    if not _is_number(values["share"], 1, WHOLE):
        problems["share"] = sentence(
            "The share is a whole number of percent from 1 to 100."
        )
    for name in ("cap", "fixed"):
        if values[name] is not None and not _is_units(values[name]):
            problems[name] = sentence(
                "It is empty or a whole number of units from 0 to %(most)s.",
                most=LARGEST_QUANTITY,
            )
    for name in ("floor", "buffer"):
        if not _is_units(values[name]):
            problems[name] = sentence(
                "It is a whole number of units from 0 to %(most)s.",
                most=LARGEST_QUANTITY,
            )
    if not isinstance(values["is_published"], bool):
        problems["is_published"] = sentence("It is yes or no.")
    return problems


def _contradictions(terms: StockTerms) -> dict[str, Sentence]:
    """Return which terms, each possible alone, would make one another useless."""
    if terms.fixed is not None:
        alone = StockTerms(
            terms.mode, fixed=terms.fixed, is_published=terms.is_published
        )
        if terms == alone:
            return {}
        return {
            "fixed": sentence(
                "A fixed quantity is published as it is: a share, a cap, a floor or a "
                "buffer beside it would never count."
            )
        }
    if terms.cap is not None and 0 < terms.cap <= terms.floor:
        return {
            "floor": sentence(
                "It stops at %(floor)s and publishes at most %(cap)s: it would never "
                "publish anything.",
                floor=terms.floor,
                cap=terms.cap,
            )
        }
    return {}


def _is_units(value: object) -> bool:
    return _is_number(value, 0, LARGEST_QUANTITY)


def _is_number(value: object, least: int, most: int) -> bool:
    # True is a whole number to Python, and none to a person.
    return (
        isinstance(value, int)
        and not isinstance(value, bool)
        and least <= value <= most
    )
