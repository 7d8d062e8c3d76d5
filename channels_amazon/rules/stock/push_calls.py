"""The calls that a push plan may hold; pure, rules layer.

Whoever carries out a plan matches over PushCall and ends with `assert_never`, so that a
new kind of call cannot be planned without being made.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Patch:
    """Send what is due of the listing in one call: its quantity, its prices or both.

    With `repeats_after_feed` a feed under way may still overwrite it: the listing stays
    due (`DueListing.is_patched`), and is sent again when that feed has ended.
    """

    listing_id: int
    has_quantity: bool = True
    has_prices: bool = False
    repeats_after_feed: bool = False


@dataclass(frozen=True, slots=True)
class ReadThenPatch:
    """Read the listing, then send what is due of it; there are tokens for both."""

    patch: Patch

    @property
    def listing_id(self) -> int:
        """Return the listing that is read and patched."""
        return self.patch.listing_id


@dataclass(frozen=True, slots=True)
class SubmitFeed:
    """Send what is due of these listings in one feed; there is a token for it."""

    listing_ids: tuple[int, ...]


PushCall = Patch | ReadThenPatch | SubmitFeed


@dataclass(frozen=True, slots=True)
class PushPlan:
    """What to call now, in this order; without calls, when to plan again."""

    calls: tuple[PushCall, ...]
    replan_at: datetime | None
