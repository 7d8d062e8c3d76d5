"""A flash sale at one account: how near to what Amazon's quota allows at all."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.farm import Farm
from bench.measure import Measure, at_most, percentile
from bench.order_stamps import Way, ways

SECONDS = 60.0
PATIENCE = 3600.0


@dataclass(frozen=True)
class Sale:
    """So many orders in a minute, of which Amazon ships a share."""

    name: str
    orders: int
    amazon_share: float
