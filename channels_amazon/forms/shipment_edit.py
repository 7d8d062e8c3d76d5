"""The form that edits a shipment which Amazon may have; forms layer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from channels_amazon.forms.orders import PackageForm, quantity_name
from channels_amazon.models import Shipment
from channels_amazon.rules.local_times import TO_THE_MINUTE, clock_time
from channels_amazon.services.shipping.shipment_edits import units_free


class ShipmentEditForm(PackageForm):
    """A shipment as it is, to be changed; each line may take what else is free."""

    def __init__(self, shipment: Shipment, data: Any = None) -> None:
        super().__init__(shipment.order, data, left=units_free(shipment))
        self.shipment = shipment
        self.initial = {
            "carrier": shipment.carrier_code,
            "carrier_name": shipment.carrier_name,
            "tracking_number": shipment.tracking_number,
            "shipping_method": shipment.shipping_method,
            "shipped_at": shipment.shipped_at,
        }
        # The form shows minutes: what nobody changed stays the moment that it was.
        self._kept_at = shipment.shipped_at
        packed = dict(shipment.lines.values_list("line_id", "quantity"))
        for line, _left in self.open_lines:
            self.fields[quantity_name(line)].initial = packed.get(line.pk, 0)

    def clean_shipped_at(self) -> datetime:
        """Return the ship date: the one there is where the form shows its minute."""
        shipped_at = super().clean_shipped_at()
        zone = self.zone_of("shipped_at")
        read, kept = (
            f"{clock_time(moment, zone):{TO_THE_MINUTE}}"
            for moment in (shipped_at, self._kept_at)
        )
        return self._kept_at if read == kept else shipped_at
