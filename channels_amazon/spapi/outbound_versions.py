"""Chooses the version of the Fulfillment Outbound API; client layer."""

from __future__ import annotations

from typing import Protocol

from channels_amazon.spapi.apis import (
    fulfillment_outbound_2020,
    fulfillment_outbound_2026,
)
from channels_amazon.spapi.client import SpApiClient
from channels_amazon.spapi.outbound import (
    NewOutboundOrder,
    OutboundOrder,
    OutboundPreview,
    OutboundVersion,
    PreviewRequest,
)

NEWEST = OutboundVersion.V2026


class OutboundApi(Protocol):
    """What a version of the API offers; the modules themselves do."""

    def preview(
        self, client: SpApiClient, request: PreviewRequest, /
    ) -> tuple[OutboundPreview, ...]:
        """Return what Amazon would do, a preview for each speed asked for."""
        ...

    def create(self, client: SpApiClient, order: NewOutboundOrder, /) -> None:
        """Have the order shipped. After an outage look with `get` before repeating."""
        ...

    def get(self, client: SpApiClient, order_id: str, /) -> OutboundOrder:
        """Return the order with its packages; raises NotFound."""
        ...

    def cancel(self, client: SpApiClient, order_id: str, /) -> None:
        """Ask for the end of an order; `get` tells whether Amazon did it."""
        ...


_VERSIONS: dict[str, OutboundApi] = {
    OutboundVersion.V2020: fulfillment_outbound_2020,
    OutboundVersion.V2026: fulfillment_outbound_2026,
}
VERSIONS = tuple(_VERSIONS)


def outbound_api(version: str = NEWEST) -> OutboundApi:
    """Return the API of a version; raises ValueError for one that there is not."""
    api = _VERSIONS.get(version)
    if api is None:
        raise ValueError(f"{version} is none of {', '.join(VERSIONS)}")
    return api
