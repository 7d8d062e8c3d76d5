"""Refuses what Amazon would refuse of an outbound order; pure, client layer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from channels_amazon.spapi.errors import Evidence, InvalidRequest
from channels_amazon.spapi.operations import Operation
from channels_amazon.spapi.outbound import (
    Destination,
    NewOutboundOrder,
    OutboundItem,
    PreviewRequest,
    Speed,
)
from channels_amazon.wording import Sentence, sentence

MOST_LINES = 100
MOST_UNITS = 250
LONGEST_ID = 40
LONGEST_SKU = 50
LONGEST_COMMENT = 750
_COUNTRY = re.compile(r"[A-Z]{2}")


def check_preview(request: PreviewRequest, operation: Operation) -> None:
    """Raise InvalidRequest with the first reason why Amazon cannot answer it."""
    problems = _of_goods(request.items, request.destination)
    if not request.speeds:
        problems = iter([sentence("No shipping speed is asked for.")])
    _raise_first(problems, operation)


def check_order(order: NewOutboundOrder, operation: Operation) -> None:
    """Raise InvalidRequest with the first reason why Amazon cannot ship it."""

    def problems() -> Iterator[Sentence]:
        yield from _of_order(order)
        yield from _of_goods(order.items, order.destination)

    _raise_first(problems(), operation)


def check_order_id(order_id: str, operation: Operation) -> None:
    """Raise InvalidRequest for an id that no outbound order can have."""
    _raise_first(_of_id(order_id), operation)


def _raise_first(problems: Iterator[Sentence], operation: Operation) -> None:
    for problem in problems:
        raise InvalidRequest(problem, Evidence(operation.name))


def _of_id(order_id: str) -> Iterator[Sentence]:
    if not 0 < len(order_id) <= LONGEST_ID:
        yield sentence(
            "The order id must have 1 to %(most)s characters.", most=LONGEST_ID
        )


def _of_order(order: NewOutboundOrder) -> Iterator[Sentence]:
    yield from _of_id(order.order_id)
    if len(order.shown_order_id) > LONGEST_ID:
        yield sentence(
            "The order id to be shown has more than %(most)s characters.",
            most=LONGEST_ID,
        )
    if len(order.comment) > LONGEST_COMMENT:
        yield sentence(
            "The comment has more than %(most)s characters.", most=LONGEST_COMMENT
        )
    if len(order.channel) > LONGEST_ID:
        yield sentence(
            "The channel has more than %(most)s characters.", most=LONGEST_ID
        )
    if order.ordered_at.tzinfo is None:
        yield sentence("The time of the order has no time zone.")
    if order.speed is Speed.SCHEDULED and order.delivery is None:
        yield sentence("A scheduled delivery needs the time of its delivery.")


def _of_goods(
    items: Sequence[OutboundItem], destination: Destination
) -> Iterator[Sentence]:
    yield from _of_destination(destination)
    if not 1 <= len(items) <= MOST_LINES:
        yield sentence("An order must have 1 to %(most)s lines.", most=MOST_LINES)
    if sum(item.quantity for item in items) > MOST_UNITS:
        yield sentence("An order may have %(most)s units at most.", most=MOST_UNITS)
    if len({item.line_id for item in items}) != len(items):
        yield sentence("Two lines have the same id.")
    for item in items:
        yield from _of_item(item)
        if destination.country_code == "IN" and item.declared_value is None:
            yield sentence("%(sku)s needs a declared value for India.", sku=item.sku)


def _of_item(item: OutboundItem) -> Iterator[Sentence]:
    if not 0 < len(item.sku) <= LONGEST_SKU:
        yield sentence(
            "The SKU %(sku)s must have 1 to %(most)s characters.",
            sku=item.sku,
            most=LONGEST_SKU,
        )
    if not 0 < len(item.line_id) <= LONGEST_SKU:
        yield sentence(
            "The line of %(sku)s must have an id of 1 to %(most)s characters.",
            sku=item.sku,
            most=LONGEST_SKU,
        )
    if item.quantity < 1:
        yield sentence("%(sku)s is ordered in no units.", sku=item.sku)


def _of_destination(place: Destination) -> Iterator[Sentence]:
    needed = (
        (place.name, sentence("The address has no name.")),
        (place.line1, sentence("The address has no first line.")),
        (place.postal_code, sentence("The address has no postal code.")),
    )
    for text, problem in needed:
        if not text.strip():
            yield problem
    if not _COUNTRY.fullmatch(place.country_code):
        yield sentence("The address has no country code of two capital letters.")
    elif place.country_code == "JP":
        if place.city.strip():
            yield sentence(
                "An address in Japan has no city of its own: put it into the lines."
            )
    elif not place.city.strip():
        yield sentence("The address has no city.")
