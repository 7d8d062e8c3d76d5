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
# How the same is said where the gateway sends no envelope.
_UNKNOWN_PATH_SAID = "missing authentication token"
# A web page begins so, whatever its content type says.
_HTML_BEGINS = (b"<!doctype html", b"<html")
# Bytes of an answer in which a page would begin, blank lines before it included.
_BEGINNING = 2000
_PROXY_SIGN_IN = 407
_TOO_MANY = 429


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


def evidence_of(operation: str, reply: Reply, host: str = "") -> Evidence:
    """Return the evidence of a failed response, whatever its body is."""
    issues, has_envelope = _issues(reply.body)
    return Evidence(
        operation=operation,
        status=reply.status,
        request_id=request_id_of(reply),
        issues=issues,
        has_envelope=has_envelope,
        host=host,
        content_type=_content_type(reply),
    )


def foreign_error(
    operation: str, reply: Reply, host: str
) -> errors.NetworkError | None:
    """Return the error of an answer that another gave in Amazon's place, else None.

    A web page or a redirect is none of Amazon's, which speaks JSON. With status 5xx it
    may be: its load balancers answer so, and either way there is nothing to do but to
    wait. So is it with 429: whatever its body, somebody asks for a pause.
    """
    # Only then: evidence reads the whole body, which for most answers is read later.
    is_page = is_html(reply) and reply.status < 500 and reply.status != _TOO_MANY
    is_elsewhere = 300 <= reply.status < 400
    is_sign_in = reply.status in {_PROXY_SIGN_IN, errors.SIGN_IN_TO_NETWORK}
    if not (is_page or is_elsewhere or is_sign_in):
        return None
    evidence = evidence_of(operation, reply, host)
    if reply.status == _PROXY_SIGN_IN:
        message = sentence(
            "The proxy on the way to %(host)s wants a sign-in.", host=host
        )
        return errors.NetworkError(message, evidence, step="proxy")
    message = sentence(
        "Something answered in Amazon's place at %(host)s: status %(status)s, "
        "%(type)s.",
        host=host,
        status=reply.status,
        type=evidence.content_type or "text/html",
    )
    return errors.CaptivePortal(message, evidence)


def is_html(reply: Reply) -> bool:
    """Tell whether the answer is a web page."""
    if _content_type(reply) in {"text/html", "application/xhtml+xml"}:
        return True
    return reply.body[:_BEGINNING].lstrip()[:20].lower().startswith(_HTML_BEGINS)


def _content_type(reply: Reply) -> str:
    stated = str(reply.headers.get("Content-Type", ""))
    return redact_text(stated.partition(";")[0].strip().lower())[:80]


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
    """Return the error for a response outside 2xx; 429 is handled by the caller.

    A refusal counts as Amazon's judgement only in Amazon's own envelope.
    """
    status = evidence.status or 0
    message = _message(evidence)
    if _is_about_client_secret(evidence):
        return errors.ClientSecretInvalid(message, evidence)
    if _is_unknown_path(evidence):
        return errors.NotJudged(message, evidence, code="amazon.unknown_path")
    if status >= 500:
        return errors.ServiceUnavailable(message, evidence)
    if status in {401, 403}:
        # A gateway in front of the API refuses a token too, in a form of its own.
        kind = errors.AccessDenied if evidence.issues else errors.NotJudged
        return kind(message, evidence)
    if not evidence.has_envelope or not 400 <= status < 500:
        return errors.NotJudged(message, evidence)
    if status == 404:
        return errors.NotFound(message, evidence)
    return errors.InvalidRequest(message, evidence)


def _is_unknown_path(evidence: Evidence) -> bool:
    if evidence.amazon_code == UNKNOWN_PATH:
        return True
    said = evidence.issues[0].message if evidence.issues else ""
    return evidence.status == 403 and said.lower() == _UNKNOWN_PATH_SAID


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


def _issues(body: bytes) -> tuple[tuple[AmazonIssue, ...], bool]:
    """Return what the answer says, and whether that is in Amazon's envelope."""
    try:
        content = decode(body)
    except ValueError:
        return (), False
    if not isinstance(content, dict):
        return (), False
    listed = content.get("errors")
    if isinstance(listed, list):
        found = [_issue(entry) for entry in listed[:20] if isinstance(entry, dict)]
        return tuple(found), bool(found)
    # Amazon's gateway says in one word what it refuses before the API sees it.
    said = content.get("message")
    return ((AmazonIssue("", _text(said)),) if isinstance(said, str) else ()), False


def _issue(entry: dict[str, Any]) -> AmazonIssue:
    return AmazonIssue(
        code=_text(entry.get("code"))[:80],
        message=_text(entry.get("message")),
        details=_text(entry.get("details")),
    )


def _text(value: Any) -> str:
    """Return Amazon's text redacted, since it may repeat what we sent, and cut."""
    return redact_text(str(value))[:_LONGEST_TEXT] if value is not None else ""
