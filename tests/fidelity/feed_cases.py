"""Requests about feeds, with the status due."""

from __future__ import annotations

from tests.fidelity.judging import Case
from tests.fidelity.scene import DE, US

FEEDS = "/feeds/2021-06-30/feeds"
FEED = f"{FEEDS}/{{feed}}"
DOCUMENTS = "/feeds/2021-06-30/documents"
DOCUMENT = f"{DOCUMENTS}/{{result}}"
JSON_TYPE = "application/json; charset=UTF-8"
LISTINGS = "JSON_LISTINGS_FEED"
WANTED = {
    "feedType": LISTINGS,
    "marketplaceIds": [US],
    "inputFeedDocumentId": "{input}",
}
TYPES = {"feedTypes": LISTINGS}
CASES = {
    "document made": Case(201, "POST", DOCUMENTS, body={"contentType": JSON_TYPE}),
    "document of no type": Case(400, "POST", DOCUMENTS, body={}),
    "document, broken token": Case(
        403, "POST", DOCUMENTS, body={"contentType": JSON_TYPE}, caller="broken"
    ),
    "feed submitted": Case(202, "POST", FEEDS, body=WANTED),
    "feed with options": Case(
        202, "POST", FEEDS, body=WANTED | {"feedOptions": {"a": "b"}}
    ),
    "feed of an unknown type": Case(
        400, "POST", FEEDS, body=WANTED | {"feedType": "POST_NOTHING"}
    ),
    "feed of another region": Case(
        400, "POST", FEEDS, body=WANTED | {"marketplaceIds": [DE]}
    ),
    "feed of an unknown document": Case(
        400, "POST", FEEDS, body=WANTED | {"inputFeedDocumentId": "none"}
    ),
    "feed, broken token": Case(403, "POST", FEEDS, body=WANTED, caller="broken"),
    "feed": Case(200, "GET", FEED),
    "cancelled feed": Case(200, "GET", f"{FEEDS}/{{cancelled}}"),
    "unknown feed": Case(404, "GET", f"{FEEDS}/1"),
    "feeds": Case(200, "GET", FEEDS, TYPES),
    "feeds by page": Case(200, "GET", FEEDS, TYPES | {"pageSize": "1"}),
    "feeds filtered": Case(
        200,
        "GET",
        FEEDS,
        TYPES | {"processingStatuses": "DONE", "marketplaceIds": US},
    ),
    "feeds, no type": Case(400, "GET", FEEDS),
    "result": Case(200, "GET", DOCUMENT),
    "result, with header": Case(
        200, "GET", DOCUMENT, {"enableContentEncodingUrlHeader": "true"}
    ),
    "unknown result": Case(404, "GET", f"{DOCUMENTS}/amzn1.tortuga.none"),
    "cancel too late": Case(400, "DELETE", FEED),
    "cancel nobody's": Case(404, "DELETE", f"{FEEDS}/1"),
}
