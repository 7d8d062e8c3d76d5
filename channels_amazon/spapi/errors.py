"""Errors of a call to Amazon, one class for each reaction; client layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from channels_amazon.errors import ShoplinkError
from channels_amazon.wording import sentence


@dataclass(frozen=True, slots=True)
class AmazonIssue:
    """One entry of Amazon's error envelope, without secrets and personal data."""

    code: str
    message: str
    details: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen: which operation, which answer, which of Amazon's ids.

    `status` is None when no answer came. `issues` is Amazon's own list, first cause
    first. Texts are redacted before they come here.
    """

    operation: str
    status: int | None = None
    request_id: str = ""
    issues: tuple[AmazonIssue, ...] = ()

    @property
    def amazon_code(self) -> str:
        """Return Amazon's code for the first cause, empty if it named none."""
        return self.issues[0].code if self.issues else ""

    @property
    def details(self) -> str:
        """Return Amazon's details on the first cause."""
        return self.issues[0].details if self.issues else ""


class SpApiError(ShoplinkError):
    """A call to Amazon failed."""

    default_code: ClassVar[str] = "amazon.error"
    default_retryable: ClassVar[bool] = False
    default_fix: ClassVar[str] = ""

    def __init__(
        self,
        message: str,
        evidence: Evidence,
        *,
        code: str = "",
        fix: str = "",
        retry_at: datetime | None = None,
    ) -> None:
        super().__init__(
            code or self.default_code,
            message,
            fix=fix or self.default_fix,
            retryable=self.default_retryable,
        )
        self.evidence = evidence
        self.operation = evidence.operation
        self.status = evidence.status
        self.amazon_code = evidence.amazon_code
        self.request_id = evidence.request_id
        self.details = evidence.details
        self.retry_at = retry_at


class AuthorizationLost(SpApiError):
    """The merchant has to authorise again."""

    default_code = "token.revoked"
    default_fix = sentence("Authorise the account again.")


class AccessDenied(SpApiError):
    """Amazon refused the operation although the token is fresh."""

    default_code = "amazon.access_denied"


class Throttled(SpApiError):
    """The quota is used up until `retry_at` (aware UTC); nothing was changed."""

    default_code = "quota.throttled"
    default_retryable = True

    retry_at: datetime

    def __init__(
        self, message: str, evidence: Evidence, *, retry_at: datetime, code: str = ""
    ) -> None:
        super().__init__(message, evidence, code=code, retry_at=retry_at)
        self.retry_at = retry_at


class InvalidRequest(SpApiError):
    """Amazon read the request and will never accept it as it is."""

    default_code = "amazon.invalid_request"

    @property
    def issues(self) -> tuple[AmazonIssue, ...]:
        """Return Amazon's list of what is wrong with the request."""
        return self.evidence.issues


class NotFound(SpApiError):
    """Amazon does not know what was asked for."""

    default_code = "amazon.not_found"


class ServiceUnavailable(SpApiError):
    """Amazon could not answer now; the same call may succeed later."""

    default_code = "amazon.outage"
    default_retryable = True


class NetworkError(ServiceUnavailable):
    """No whole answer arrived.

    `step` is where it broke: dns, connect, tls, proxy, timeout or read.
    """

    def __init__(self, message: str, evidence: Evidence, *, step: str) -> None:
        super().__init__(message, evidence, code=f"network.{step}")
        self.step = step


class UnexpectedResponse(SpApiError):
    """Amazon answered something that the published contract does not allow."""

    default_code = "amazon.unexpected_response"


class DocumentExpired(ServiceUnavailable):
    """The address of a document has run out; Amazon gives another when asked."""

    default_code = "reports.document_expired"


class DocumentUnreadable(UnexpectedResponse):
    """A document is not what was agreed: its address, its size or its packing."""

    default_code = "reports.document_unreadable"


class ClientSecretInvalid(SpApiError):
    """The client id or secret of the application is wrong or has run out."""

    default_code = "client.secret_invalid"
    default_fix = sentence("Enter the current client secret of the application.")


class CodeExpired(SpApiError):
    """The authorisation code is older than five minutes, used, or not ours."""

    default_code = "oauth.code_expired"
    default_fix = sentence("Start the authorisation again.")


class LwaUnavailable(ServiceUnavailable):
    """Login with Amazon could not answer now; the token stays as it is."""

    default_code = "lwa.outage"
