"""Reads responses: envelope, headers, the error of a status; pure, client layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from channels_amazon.amazon_json import read_json
from channels_amazon.spapi import errors
from channels_amazon.spapi.errors import AmazonIssue, Evidence
from channels_amazon.spapi.redact import redact_text
from channels_amazon.spapi.transport import Reply
from channels_amazon.wording import Sentence, sentence

# Characters kept of a text of Amazon's.
_LONGEST_TEXT = 600
# The API gateway's code for an unknown path or verb. It comes with status 403, although
# no permission is missing.
UNKNOWN_PATH = "MissingAuthenticationToken"


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """A successful response; `json` is None where Amazon sent no body."""

    status: int
    json: Any
    headers: Mapping[str, str]
    operation: str = ""
    request_id: str = ""

    def evidence(self) -> Evidence:
        """Return the evidence for an error about this response's content."""
        return Evidence(self.operation, self.status, self.request_id)


def decode(body: bytes) -> Any:
    """Return the decoded JSON, None for an empty body; raises ValueError."""
    return read_json(body) if body.strip() else None


def evidence_of(operation: str, reply: Reply) -> Evidence:
    """Return the evidence of a failed response, whatever its body is."""
    return Evidence(
        operation=operation,
        status=reply.status,
        request_id=request_id_of(reply),
        issues=_issues(reply.body),
    )


def request_id_of(reply: Reply) -> str:
    """Return the id under which Amazon's support finds the request."""
    return str(reply.headers.get("x-amzn-RequestId", ""))[:80]


def rate_of(reply: Reply) -> float | None:
    """Return the rate that Amazon stated (requests a second), if it did."""
    try:
        rate = float(reply.headers.get("x-amzn-RateLimit-Limit", ""))
    except ValueError:
        return None
    # float() also accepts `nan` and `inf`.
    return rate if 0 < rate < 1e6 else None


def date_of(reply: Reply) -> datetime | None:
    """Return Amazon's own time, to the second, in UTC."""
    try:
        date = parsedate_to_datetime(reply.headers.get("Date", ""))
    except ValueError:
        return None
    return date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)


def error_of(evidence: Evidence) -> errors.SpApiError:
    """Return the error for a response outside 2xx; 429 is handled by the caller."""
    status = evidence.status or 0
    message = _message(evidence)
    if _is_about_client_secret(evidence):
        return errors.ClientSecretInvalid(message, evidence)
    if evidence.amazon_code == UNKNOWN_PATH:
        return errors.InvalidRequest(message, evidence)
    if status in {401, 403}:
        return errors.AccessDenied(message, evidence)
    if status == 404:
        return errors.NotFound(message, evidence)
    if 400 <= status < 500:
        return errors.InvalidRequest(message, evidence)
    if status >= 500:
        return errors.ServiceUnavailable(message, evidence)
    return errors.UnexpectedResponse(message, evidence)


def _message(evidence: Evidence) -> Sentence:
    status, operation = evidence.status or 0, evidence.operation
    said = evidence.issues[0].message if evidence.issues else ""
    if not said:
        return sentence(
            "Amazon answered %(status)s to %(operation)s.",
            status=status,
            operation=operation,
        )
    return sentence(
        "Amazon answered %(status)s to %(operation)s: %(reason)s",
        status=status,
        operation=operation,
        reason=said,
    )


def _is_about_client_secret(evidence: Evidence) -> bool:
    if evidence.status not in {401, 403}:
        return False
    details = evidence.details.lower()
    return "secret" in details and "expired" in details


def _issues(body: bytes) -> tuple[AmazonIssue, ...]:
    try:
        content = decode(body)
    except ValueError:
        return ()
    listed = content.get("errors") if isinstance(content, dict) else None
    if not isinstance(listed, list):
        return ()
    return tuple(_issue(entry) for entry in listed[:20] if isinstance(entry, dict))


def _issue(entry: dict[str, Any]) -> AmazonIssue:
    return AmazonIssue(
        code=_text(entry.get("code"))[:80],
        message=_text(entry.get("message")),
        details=_text(entry.get("details")),
    )


def _text(value: Any) -> str:
    """Return Amazon's text redacted, since it may repeat what we sent, and cut."""
    return redact_text(str(value))[:_LONGEST_TEXT] if value is not None else ""
