"""What a shipment says of itself is what the querysets' words say of its row."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
from django.utils import timezone

from channels_amazon.models import Shipment, ShipmentLine
from tests import builders

pytestmark = pytest.mark.django_db

State = Shipment.State


@pytest.fixture
def shipments() -> list[Shipment]:
    """Make a shipment of each state, accepted by Amazon once and never."""
    order = builders.make_order()
    made = []
    kinds = product(State, (None, timezone.now()))
    for number, (state, confirmed_at) in enumerate(kinds, 1):
        row = Shipment.objects.create(
            order=order,
            package_reference=number,
            carrier_code="UPS",
            tracking_number=f"1Z{number}",
            shipped_at=timezone.now(),
            state=state,
            confirmed_at=confirmed_at,
        )
        row.lines.create(line=order.lines.get(), quantity=1)
        made.append(row)
    return made


def test_shipment_is_packed_as_its_row_and_its_lines_are(
    shipments: list[Shipment],
) -> None:
    packed = {row.pk for row in shipments if row.is_packed}
    lines = ShipmentLine.objects.packed().values_list("shipment_id", flat=True)

    assert packed == set(Shipment.objects.packed().values_list("pk", flat=True))
    assert packed == set(lines)
    left = {row.pk for row in shipments if not row.is_packed}
    assert left == set(Shipment.objects.never_accepted().values_list("pk", flat=True))
    assert [row.state for row in shipments if not row.is_packed] == [State.REFUSED]


@pytest.mark.parametrize(
    ("state", "is_timed", "error_code", "is_scheduled"),
    [
        (State.WAITING, True, "", True),
        (State.WAITING, False, "", False),
        (State.WAITING, True, "amazon.outage", False),
        (State.CONFIRMED, True, "", False),
        (State.REFUSED, False, "", False),
    ],
)
def test_shipment_is_scheduled_until_its_time_and_without_a_failure(
    state: str, is_timed: bool, error_code: str, is_scheduled: bool
) -> None:
    at = timezone.now() + timedelta(hours=1) if is_timed else None

    row = Shipment(state=state, next_attempt_at=at, error_code=error_code)

    assert row.is_scheduled is is_scheduled
