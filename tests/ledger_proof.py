"""Proves that the stock adds up: each level is the sum of its movements."""

from __future__ import annotations

from channels_amazon.services.stock.proof import LevelDifference
from channels_amazon.services.stock.proof import differences as verify_levels

__all__ = ["LevelDifference", "verify_levels"]
