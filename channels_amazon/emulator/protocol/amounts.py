"""Money as Amazon writes it; emulator."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

Json = dict[str, Any]


def money(amount: Decimal, currency: str) -> Json:
    """Write money as Amazon does: a decimal text, whole units for the yen."""
    exponent = Decimal(1) if currency == "JPY" else Decimal("0.01")
    return {"amount": str(amount.quantize(exponent)), "currencyCode": currency}
