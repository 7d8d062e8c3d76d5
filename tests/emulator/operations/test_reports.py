"""Reports at the emulator: asked for, made, read, refused."""

from __future__ import annotations

import csv
import gzip
import http.client
from typing import Any

import pytest

from channels_amazon.emulator.reports.file import COLUMNS
from channels_amazon.emulator.server import Emulator
from tests.emulator.operations.scene import BY_UPDATE, REPORTS, ask, made

from ..caller import CA, DE, US, Caller, exchange, sign_in, subscribe
from ..notifications.scene import received

BY_CREATION = "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL"
DOCUMENTS = "/reports/2021-06-30/documents"


def fetch(caller: Caller, report: Any) -> tuple[bytes, dict[str, str]]:
    """Return the bytes of a report's document with the headers of the answer."""
    answer = caller.get(f"{DOCUMENTS}/{report['reportDocumentId']}").json
    return download(caller.emulator, answer["url"])[1:]


def download(emulator: Emulator, url: str) -> tuple[int, bytes, dict[str, str]]:
    """GET an address without any header of SP-API."""
    connection = http.client.HTTPConnection(emulator.url.removeprefix("http://"))
    try:
        connection.request("GET", url.removeprefix(emulator.url))
        reply = connection.getresponse()
        content, status = reply.read(), reply.status
    finally:
        connection.close()
    return status, content, dict(reply.headers)


def rows_of(content: bytes, encoding: str = "utf-8") -> list[dict[str, str]]:
    """Read a report's file, compressed or not."""
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    lines = content.decode(encoding).splitlines()
    return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def test_report_goes_from_the_queue_to_its_end(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    report_id = ask(caller).json["reportId"]
    seen = [caller.get(f"{REPORTS}/{report_id}").json["processingStatus"]]
    for seconds in (5, 20):
        emulator.advance(seconds)
        seen.append(caller.get(f"{REPORTS}/{report_id}").json["processingStatus"])
    assert seen == ["IN_QUEUE", "IN_PROGRESS", "DONE"]


def test_report_holds_a_row_for_each_item(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    placed = emulator.place_orders(3, marketplace_id=US, fulfilled_by="MERCHANT")
    elsewhere = emulator.place_orders(1, marketplace_id=CA, fulfilled_by="MERCHANT")
    content, headers = fetch(caller, made(caller))
    rows = {row["amazon-order-id"]: row for row in rows_of(content)}
    assert set(placed) <= set(rows)
    assert not set(elsewhere) & set(rows)
    assert rows[placed[0]]["order-status"] == "Unshipped"
    assert rows[placed[0]]["fulfillment-channel"] == "Merchant"
    assert headers["Content-Type"] == "text/tab-separated-values; charset=UTF-8"


def test_report_counts_by_its_own_time(emulator: Emulator) -> None:
    (order_id,) = emulator.place_orders(1, marketplace_id=US, fulfilled_by="MERCHANT")
    emulator.advance(7200)
    caller = sign_in(emulator)
    emulator.control("cancel", order_id=order_id, kind="buyer")
    last_hour = {"days": 1 / 24}
    updated, _ = fetch(caller, made(caller, **last_hour))
    created = made(caller, reportType=BY_CREATION, **last_hour)
    assert [row["order-status"] for row in rows_of(updated)] == ["Cancelled"]
    assert created["processingStatus"] == "CANCELLED"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "shift_jis"])
def test_report_comes_in_odd_encodings(emulator: Emulator, encoding: str) -> None:
    caller = sign_in(emulator, "fe" if encoding == "shift_jis" else "eu")
    site = "A1VC38T7YXB528" if encoding == "shift_jis" else DE
    emulator.place_orders(1, region=caller.region, marketplace_id=site)
    emulator.control("reports", encoding=encoding, gzip=False)
    content, headers = fetch(caller, made(caller, marketplaceIds=[site]))
    rows = rows_of(content, encoding)
    assert set(COLUMNS) == set(rows[0])
    assert all(row["product-name"] for row in rows)
    assert headers["Content-Type"].endswith(
        {"cp1252": "Cp1252", "shift_jis": "Shift_JIS"}.get(encoding, "UTF-8")
    )


def test_report_columns_move_come_and_go(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    emulator.control(
        "reports", shuffle=True, extra_column=True, sparse=True, charset=False
    )
    content, headers = fetch(caller, made(caller))
    columns = gzip.decompress(content).decode().splitlines()[0].split("\t")
    assert columns != [name for name in COLUMNS if name in columns]
    assert "url" in columns
    assert "price-designation" not in columns
    assert "charset" not in headers["Content-Type"]


def test_report_may_lie_and_may_fail(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    emulator.place_orders(3, marketplace_id=US)
    whole, _ = fetch(caller, made(caller))
    emulator.control("reports", omit_orders=2, fail_next=1)
    failed = made(caller)
    assert failed["processingStatus"] == "FATAL"
    assert fetch(caller, failed)[0].startswith(b"The report")
    lying, _ = fetch(caller, made(caller))
    ids = [{row["amazon-order-id"] for row in rows_of(each)} for each in (whole, lying)]
    assert len(ids[0] - ids[1]) == 2


def test_address_of_a_document_ends_after_five_minutes(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    report = made(caller)
    url = caller.get(f"{DOCUMENTS}/{report['reportDocumentId']}").json["url"]
    forged = download(emulator, url[:-1])
    emulator.advance(299)
    before = download(emulator, url)
    emulator.advance(2)
    after = download(emulator, url)
    assert (forged[0], before[0], after[0]) == (403, 200, 403)
    assert b"Request has expired" in after[1]


def test_address_tells_the_compression_where_it_is_asked_to(
    emulator: Emulator,
) -> None:
    caller = sign_in(emulator)
    path = f"{DOCUMENTS}/{made(caller)['reportDocumentId']}"
    plain, telling = (
        caller.get(path, enableContentEncodingUrlHeader=flag).json
        for flag in ("false", "true")
    )
    assert plain["compressionAlgorithm"] == "GZIP"
    assert "Content-Encoding" not in download(emulator, plain["url"])[2]
    assert download(emulator, telling["url"])[2]["Content-Encoding"] == "gzip"


@pytest.mark.parametrize(
    "over",
    [
        {"reportType": "GET_NOTHING"},
        {"reportType": None},
        {"marketplaceIds": []},
        {"marketplaceIds": "ATVPDKIKX0DER"},
        {"marketplaceIds": [DE]},
        {"days": 31},
        {"dataEndTime": "2020-01-01T00:00:00Z"},
        {"dataEndTime": "2099-01-01T00:00:00Z"},
        {"dataStartTime": "yesterday"},
        {"reportOptions": []},
    ],
)
def test_bad_request_for_a_report_is_refused(
    emulator: Emulator, over: dict[str, Any]
) -> None:
    reply = ask(sign_in(emulator), **over)
    assert (reply.status, reply.error["code"]) == (400, "InvalidInput")


def test_report_without_its_role_is_forbidden(emulator: Emulator) -> None:
    emulator.control("roles", only=["Product Listing", "Finance and Accounting"])
    caller = sign_in(emulator)
    statuses = [
        ask(caller).status,
        caller.get(REPORTS, reportTypes=BY_UPDATE).status,
    ]
    assert statuses == [403, 403]


def test_reports_are_listed_newest_first_by_page(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    ids = [ask(caller).json["reportId"] for _ in range(3)]
    first = caller.get(REPORTS, reportTypes=BY_UPDATE, pageSize=2).json
    second = caller.get(REPORTS, nextToken=first["nextToken"]).json
    shown = [row["reportId"] for row in first["reports"] + second["reports"]]
    assert shown == ids[::-1]
    assert "nextToken" not in second
    mixed = caller.get(REPORTS, nextToken=first["nextToken"], pageSize=2)
    assert (mixed.status, caller.get(REPORTS).status) == (400, 400)


def test_report_can_be_cancelled_in_the_queue_only(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    first, second = (ask(caller).json["reportId"] for _ in range(2))
    early = caller.send("DELETE", f"{REPORTS}/{first}")
    emulator.advance(6)
    late = caller.send("DELETE", f"{REPORTS}/{second}")
    unknown = caller.send("DELETE", f"{REPORTS}/1")
    assert [each.status for each in (early, late, unknown)] == [200, 400, 404]
    shown = caller.get(f"{REPORTS}/{first}").json
    assert shown["processingStatus"] == "CANCELLED"


def test_other_sellers_reports_are_unknown(emulator: Emulator) -> None:
    report = made(sign_in(emulator))
    other = sign_in(emulator, "eu")
    assert other.get(f"{REPORTS}/{report['reportId']}").status == 404
    assert other.get(f"{DOCUMENTS}/{report['reportDocumentId']}").status == 404


def test_finished_report_is_told_of(emulator: Emulator) -> None:
    received(emulator)
    subscribe(emulator, kind="REPORT_PROCESSING_FINISHED", version="2020-09-04")
    report = made(sign_in(emulator))
    (body,) = received(emulator)
    assert report["reportDocumentId"] in body
    assert '"processingStatus": "DONE"' in body


def test_documents_can_fail_like_operations(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    report = made(caller)
    emulator.control("faults", match="report.download", kind="status_503", count=1)
    url = caller.get(f"{DOCUMENTS}/{report['reportDocumentId']}").json["url"]
    assert [download(emulator, url)[0] for _ in range(2)] == [503, 200]
    counted = exchange(emulator, "GET", "/_emulator/state").json["calls"]
    assert counted["report.download"]["calls"] == 2


def test_state_tells_of_reports(emulator: Emulator) -> None:
    report = made(sign_in(emulator))
    (told,) = emulator.control("state")["reports"]
    assert (told["report_id"], told["status"]) == (report["reportId"], "DONE")
