"""What of a report's row cannot be read sinks no row, and what is absurd is said."""

from __future__ import annotations

import pytest

from tests.spapi.report_rows import ORDER, read, row, written


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("item-price", "NaN"),
        ("item-price", "1,234"),
        ("item-price", "1.234,5"),
        ("item-price", "EUR 5"),
        ("item-price", "٣"),
        ("currency", "DOLLARS"),
        ("asin", "B" * 13),
    ],
)
def test_unreadable_detail_sinks_no_row(name: str, text: str) -> None:
    report = read(written(row() | {name: text}))

    assert (len(report.orders), report.quarantined) == (1, ())
    (said,) = report.unread
    assert (said.line, said.order_id) == (2, ORDER)
    assert said.reason == f"the column {name} is not readable"


def test_order_of_more_units_than_one_can_have_is_quarantined() -> None:
    report = read(written(*[row() | {"quantity": "999999"}] * 2))

    assert report.orders == ()
    assert [bad.order_id for bad in report.quarantined] == [ORDER]


def test_order_of_too_many_units_does_not_begin_anew_with_its_last_rows() -> None:
    too_many = [row() | {"quantity": "999999"}] * 2
    report = read(written(*too_many, row(), row() | {"currency": "DOLLARS"}))

    assert (report.orders, report.unread) == ((), ())
    assert [bad.line for bad in report.quarantined] == [3]


def test_zero_byte_is_replaced() -> None:
    report = read(written(row() | {"sku": "S\x00"}))

    assert report.orders[0].lines[0].sku == "S\ufffd"
