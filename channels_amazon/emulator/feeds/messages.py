"""A JSON_LISTINGS_FEED document, judged as its published schema does; emulator.

The codes of a file that cannot be read and of a message against the schema are those
that sellers have published. Where none is known an issue has none, as the schema of
the processing report allows.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from ..listings.submissions import (
    REQUIREMENTS,
    Change,
    read_partial_update,
    read_patch,
    read_put,
)
from ..listings.view import DATA_SETS
from ..protocol.calling import Refusal

Json = dict[str, Any]

VERSION = "2.0"
API_VERSION = "2021-08-01"
MOST_MESSAGES = 25_000
HIGHEST_MESSAGE_ID = 2_147_483_647
NOT_PARSED = "4002001"
ABSENT = "4002005"
OTHER_VALUE = "4002006"
AGAINST_SCHEMA = "4002008"
OPERATIONS = ("UPDATE", "PARTIAL_UPDATE", "PATCH", "DELETE")
PATCH_OPERATIONS = ("add", "replace", "merge", "delete")
# What a message of each operation must have, and what it must not.
_REQUIRED = {
    "UPDATE": ("productType", "attributes"),
    "PARTIAL_UPDATE": ("productType", "attributes"),
    "PATCH": ("productType", "patches"),
    "DELETE": (),
}
_FORBIDDEN = {
    "UPDATE": ("patches",),
    "PARTIAL_UPDATE": ("requirements", "patches"),
    "PATCH": ("requirements", "attributes"),
    "DELETE": ("productType", "requirements", "attributes", "patches"),
}


@dataclass
class FeedFile:
    """What a document says, and what is wrong with it as a whole."""

    seller_id: str = ""
    # the part of the header that asks for listings in the processing report
    report: Json | None = None
    messages: list[Any] = field(default_factory=list)
    issues: list[Json] = field(default_factory=list)


def read_file(content: bytes) -> FeedFile:
    """Read an uploaded document; a file with issues has no messages to process."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        return FeedFile(issues=[_issue(NOT_PARSED, "Item 'Feed' cannot be parsed.")])
    if "header" not in document:
        return FeedFile(issues=[_absent("header")])
    header = document["header"] if isinstance(document["header"], dict) else {}
    file = FeedFile()
    if not isinstance(header.get("sellerId"), str):
        # So Amazon calls it.
        file.issues.append(_absent("Merchant"))
        return file
    file.seller_id = header["sellerId"]
    if "version" not in header:
        file.issues.append(_absent("version"))
    elif header["version"] != VERSION:
        message = "Attribute 'version' does not match the required value."
        file.issues.append(_issue(OTHER_VALUE, message))
    elif "messages" not in document:
        file.issues.append(_absent("messages"))
    else:
        file.issues += _body_issues(header, document["messages"])
    if not file.issues:
        file.report = header.get("report")
        file.messages = document["messages"]
    return file


def is_against_schema(message: Any) -> bool:
    """Tell whether the published schema refuses a message."""
    if not isinstance(message, dict):
        return True
    operation, sku = message.get("operationType"), message.get("sku")
    if (
        message_id(message) is None
        or not isinstance(sku, str)
        or not sku
        or operation not in OPERATIONS
    ):
        return True
    if any(name not in message for name in _REQUIRED[operation]):
        return True
    if any(name in message for name in _FORBIDDEN[operation]):
        return True
    return any(
        name in message and not is_good(message[name])
        for name, is_good in _IS_GOOD.items()
    )


def message_id(message: Any) -> int | None:
    """Return the identifier of a message, None where it has no proper one."""
    found = message.get("messageId") if isinstance(message, dict) else None
    if isinstance(found, float) and found.is_integer():
        # To JSON Schema 1.0 is an integer.
        found = int(found)
    if not isinstance(found, int) or isinstance(found, bool):
        return None
    return found if 1 <= found <= HIGHEST_MESSAGE_ID else None


def read_change(message: Json) -> Change:
    """Return what a message of the schema wants; raises Refusal as the call would."""
    sku, operation = message["sku"], message["operationType"]
    if operation == "DELETE":
        return Change(sku, is_deletion=True)
    if operation == "PATCH":
        return read_patch(sku, message)
    if operation == "PARTIAL_UPDATE":
        return read_partial_update(sku, message)
    return read_put(sku, message)


def schema_issue() -> Json:
    """Return the issue of a message that the schema refuses."""
    return _issue(
        AGAINST_SCHEMA,
        "The provided message did not meet the schema validation requirements for a "
        "feed message.",
    )


def refusal_issue(refusal: Refusal) -> Json:
    """Return the issue of a message that a call would answer with 400."""
    return _issue(refusal.code, str(refusal))


def plain_issue(message: str) -> Json:
    """Return an issue for which no code of Amazon's is known."""
    return {"severity": "ERROR", "message": message}


def _body_issues(header: Json, messages: Any) -> list[Json]:
    if not isinstance(messages, list) or not messages:
        return [plain_issue("The feed has no messages.")]
    if len(messages) > MOST_MESSAGES:
        return [plain_issue(f"The feed has more than {MOST_MESSAGES} messages.")]
    report, locale = header.get("report"), header.get("issueLocale", "")
    if not isinstance(locale, str) or ("report" in header and not _is_report(report)):
        return [plain_issue("The header does not meet the schema.")]
    return []


def _is_report(report: Any) -> bool:
    if not isinstance(report, dict) or report.get("apiVersion") != API_VERSION:
        return False
    wanted = report.get("includedData")
    return (
        isinstance(wanted, list)
        and bool(wanted)
        and all(each in DATA_SETS for each in wanted)
    )


def _is_patches(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_patch, value))


def _is_patch(value: Any) -> bool:
    if not isinstance(value, dict) or value.get("op") not in PATCH_OPERATIONS:
        return False
    rows = value.get("value", [])
    return (
        isinstance(value.get("path"), str)
        and isinstance(rows, list)
        and all(isinstance(row, dict) for row in rows)
    )


_IS_GOOD = {
    "productType": lambda value: isinstance(value, str) and bool(value),
    "requirements": lambda value: value in REQUIREMENTS,
    "attributes": lambda value: isinstance(value, dict) and bool(value),
    "patches": _is_patches,
}


def _absent(name: str) -> Json:
    return _issue(ABSENT, f"Attribute '{name}' is required, but not present.")


def _issue(code: str, message: str) -> Json:
    return {"code": code, **plain_issue(message)}
