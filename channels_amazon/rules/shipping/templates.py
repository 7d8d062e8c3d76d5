"""How parcels of the store become shipments at Amazon; pure, rules layer.

Nothing here knows a parcel without a tracking number: what has none is no parcel yet,
and is never confirmed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# More units of a SKU in one parcel are a slip of the keyboard.
MOST_UNITS = 1_000_000


@dataclass(frozen=True, slots=True)
class TemplateScope:
    """Where a template holds: None and "" stand for every account and marketplace."""

    key: int
    account_id: int | None = None
    marketplace_id: str = ""


@dataclass(frozen=True, slots=True)
class Timing:
    """When a template confirms; `hours_before` is None for as soon as possible."""

    hours_before: int | None = None


@dataclass(frozen=True, slots=True)
class ParcelUnits:
    """A parcel's units by seller SKU; none for all that is left of its order."""

    key: int
    contents: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ShipmentPlan:
    """One shipment: the parcels in it, whose first gives the tracking number."""

    parcels: tuple[int, ...]
    units: Mapping[str, int]


class MisfitProblem(StrEnum):
    """Why a parcel fits into no shipment of its order."""

    UNKNOWN_SKU = "unknown_sku"
    TOO_MANY = "too_many"
    NOTHING_LEFT = "nothing_left"


@dataclass(frozen=True, slots=True)
class Misfit:
    """A parcel that fits into no shipment, why, and the SKU that it is about."""

    key: int
    problem: MisfitProblem
    sku: str = ""
    left: int = 0


@dataclass(frozen=True, slots=True)
class PackingPlan:
    """What becomes of an order's parcels: each is in exactly one of the three."""

    shipments: tuple[ShipmentPlan, ...] = ()
    misfits: tuple[Misfit, ...] = ()
    waiting: tuple[int, ...] = ()


def winner(
    scopes: Iterable[TemplateScope], account_id: int, marketplace_id: str
) -> TemplateScope | None:
    """Return the narrowest scope that holds for the marketplace of the account."""
    fitting = [
        scope
        for scope in scopes
        if scope.account_id in {None, account_id}
        and scope.marketplace_id in {"", marketplace_id}
    ]

    def width(scope: TemplateScope) -> tuple[bool, bool, int]:
        return scope.account_id is None, not scope.marketplace_id, scope.key

    return min(fitting, key=width, default=None)


def confirm_at(
    timing: Timing, deadline: datetime | None, now: datetime
) -> datetime | None:
    """Return when to confirm a shipment that is ready, None for at once.

    Never after the deadline: where the time has passed, or none is known, at once.
    """
    if timing.hours_before is None or deadline is None:
        return None
    moment = deadline - timedelta(hours=max(timing.hours_before, 0))
    return moment if moment > now else None


def wait_for_rest_until(
    hours_before: int, deadline: datetime | None, now: datetime
) -> datetime | None:
    """Return until when the one shipment of an order waits for its other parcels.

    None when that time has passed; where no deadline is known, a day at a time.
    """
    if deadline is None:
        return now + timedelta(days=1)
    return confirm_at(Timing(hours_before), deadline, now)


def plan_shipments(
    parcels: Sequence[ParcelUnits],
    left: Mapping[str, int],
    *,
    splits: bool,
    is_final: bool,
) -> PackingPlan:
    """Return the shipments that an order's parcels make, in the parcels' order.

    `left` are the order's units by SKU that are in no shipment yet. With `splits` each
    parcel is a shipment. Otherwise all are one shipment, which waits for the rest until
    its parcels cover the order or `is_final` says that the time is up.
    """
    free = {sku: units for sku, units in left.items() if units > 0}
    taken: list[tuple[int, dict[str, int]]] = []
    misfits: list[Misfit] = []
    # Those that name their units come first: the others take what then is left.
    for parcel in sorted(parcels, key=lambda one: not one.contents):
        misfit = _misfit(parcel, left, free)
        if misfit is not None:
            misfits.append(misfit)
            continue
        units = dict(parcel.contents or free)
        free = {
            sku: rest for sku, has in free.items() if (rest := has - units.get(sku, 0))
        }
        taken.append((parcel.key, units))
    places = {parcel.key: place for place, parcel in enumerate(parcels)}
    taken.sort(key=lambda one: places[one[0]])
    if splits:
        shipments = tuple(ShipmentPlan((key,), units) for key, units in taken)
        return PackingPlan(shipments, tuple(misfits))
    keys = tuple(key for key, _units in taken)
    if not keys:
        return PackingPlan(misfits=tuple(misfits))
    if free and not is_final:
        return PackingPlan(misfits=tuple(misfits), waiting=keys)
    together: dict[str, int] = {}
    for _key, units in taken:
        for sku, number in units.items():
            together[sku] = together.get(sku, 0) + number
    return PackingPlan((ShipmentPlan(keys, together),), tuple(misfits))


def _misfit(
    parcel: ParcelUnits, left: Mapping[str, int], free: Mapping[str, int]
) -> Misfit | None:
    if not parcel.contents:
        return None if free else Misfit(parcel.key, MisfitProblem.NOTHING_LEFT)
    for sku, units in parcel.contents.items():
        if sku not in left:
            return Misfit(parcel.key, MisfitProblem.UNKNOWN_SKU, sku)
        if units > free.get(sku, 0):
            return Misfit(parcel.key, MisfitProblem.TOO_MANY, sku, free.get(sku, 0))
    return None
