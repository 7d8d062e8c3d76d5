"""Why a price is what it is: its steps with their figures; pure, rules layer.

A page words the steps; what has no price says so in a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from channels_amazon.wording import pack, unpack

# Decimals of the amounts between base and price, as they are kept: beyond what any
# currency has, so that a page can show them in the currency's own.
_KEPT_DIGITS = Decimal("0.000001")


class StepKind(StrEnum):
    """What a step did; from FLOOR on the bounds, which appear where they decided."""

    BASE = "base"
    RATE = "rate"
    MARKUP = "markup"
    FEES = "fees"
    TAX = "tax"
    # A tax is given, and prices of this marketplace are without.
    TAX_NOT_ADDED = "tax_not_added"
    ROUNDING = "rounding"
    FLOOR = "floor"
    LEAST_MARGIN = "least_margin"
    ALLOWED_MINIMUM = "allowed_minimum"
    CEILING = "ceiling"
    ALLOWED_MAXIMUM = "allowed_maximum"


@dataclass(frozen=True, slots=True)
class PriceStep:
    """What one step made of the price; `amount` is what it was after it.

    `figures` by kind: RATE "rate" · MARKUP "percent", "fixed", of a tier "start" too ·
    FEES "percent", "fixed" · TAX, TAX_NOT_ADDED "percent" · the bounds "bound".
    `words`: RATE "source", "day" (ISO) · MARKUP of a tier "by" · ROUNDING "pattern".
    """

    kind: StepKind
    amount: Decimal
    currency: str
    figures: Mapping[str, Decimal] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> PriceStep:
        """Return the step that `to_json` has written."""
        figures = kept.get("figures", {})
        return cls(
            kind=StepKind(kept["kind"]),
            amount=Decimal(kept["amount"]),
            currency=kept["currency"],
            figures={name: Decimal(text) for name, text in figures.items()},
            words=kept.get("words", {}),
        )

    def to_json(self) -> dict[str, Any]:
        """Return what is stored: numbers as texts, the amount to six decimals."""
        kept: dict[str, Any] = {
            "kind": self.kind.value,
            "amount": plain(_kept(self.amount)),
            "currency": self.currency,
        }
        if self.figures:
            kept["figures"] = {name: plain(one) for name, one in self.figures.items()}
        if self.words:
            kept["words"] = dict(self.words)
        return kept


class PriceProblem(StrEnum):
    """Why there is no price."""

    NO_BASE = "no_base"
    NO_COST = "no_cost"
    NO_RATE = "no_rate"
    STALE_RATE = "stale_rate"
    OTHER_CURRENCY = "other_currency"
    NOTHING_LEFT = "nothing_left"
    TOO_HIGH = "too_high"
    NO_ROOM = "no_room"


@dataclass(frozen=True, slots=True)
class NoPrice:
    """Why nothing is published, and the steps that were made until then."""

    problem: PriceProblem
    reason: str
    steps: tuple[PriceStep, ...] = ()

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> NoPrice:
        """Return what `to_json` has written."""
        return cls(
            problem=PriceProblem(kept["problem"]),
            reason=unpack(kept["reason"]),
            steps=tuple(map(PriceStep.from_json, kept["steps"])),
        )

    def to_json(self) -> dict[str, Any]:
        """Return what is stored: {"problem", "reason", "steps"}."""
        return {
            "problem": self.problem.value,
            "reason": pack(self.reason),
            "steps": [step.to_json() for step in self.steps],
        }


def plain(number: Decimal) -> str:
    """Return a number as it is told: no exponent, no zeros that say nothing."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _kept(amount: Decimal) -> Decimal:
    return amount.quantize(_KEPT_DIGITS)
