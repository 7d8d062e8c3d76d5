"""Issues of a listing as Amazon writes them; emulator.

The codes are those that sellers have published: 90220 for what is missing, 90244 for
a value that is not valid, 4000001 for an attribute of another shape, 13013 for a SKU
that Amazon does not know.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

MISSING = "90220"
NOT_VALID = "90244"
MALFORMED = "4000001"
UNKNOWN_SKU = "13013"
INVALID_PRICE = "INVALID_PRICE"
SUPPRESSED = "LISTING_SUPPRESSED"


def issue(
    code: str, message: str, attribute: str, category: str = "INVALID_ATTRIBUTE"
) -> Json:
    """Return an issue of the severity that refuses."""
    return {
        "code": code,
        "message": message,
        "severity": "ERROR",
        "attributeNames": [attribute],
        "categories": [category],
    }


def missing(attribute: str, category: str = "MISSING_ATTRIBUTE") -> Json:
    """Return the issue of an attribute that was left out."""
    message = f"'{attribute}' is required but not supplied."
    return issue(MISSING, message, attribute, category)


def malformed(attribute: str) -> Json:
    """Return the issue of an attribute that has another shape."""
    message = f"The provided value for '{attribute}' is invalid."
    return issue(MALFORMED, message, attribute)


def suppressing(found: Json) -> Json:
    """Return the issue as one for which Amazon has taken the offer down."""
    enforcements = {
        "actions": [{"action": SUPPRESSED}],
        "exemption": {"status": "NOT_EXEMPT"},
    }
    return found | {"enforcements": enforcements}
