"""Errors of a call to Amazon, one class for each reaction; client layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
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
    first; `has_envelope` that it came in Amazon's own form. `host` and `content_type`
    are those of the answer. Texts are redacted before they come here.
    """

    operation: str
    status: int | None = None
    request_id: str = ""
    issues: tuple[AmazonIssue, ...] = ()
    has_envelope: bool = False
    host: str = ""
    content_type: str = ""

    @property
    def amazon_code(self) -> str:
        """Return Amazon's code for the first cause, empty if it named none."""
        return self.issues[0].code if self.issues else ""

    @property
    def details(self) -> str:
        """Return Amazon's details on the first cause."""
        return self.issues[0].details if self.issues else ""


# A request that failed at one of these steps never reached Amazon: it broke before, or
# the proxy on the way kept it.
UNDELIVERED_STEPS = frozenset({"dns", "connect", "proxy", "tls"})
# "Network authentication required" (RFC 6585) is the status of a captive portal.
SIGN_IN_TO_NETWORK = 511


class Fault(StrEnum):
    """Whose fault an error is, of the item that was called about or of the run.

    ITEM: Amazon read the request and judged what it is about. UNCLEAR: Amazon failed,
    or broke off, and only what it says of other items tells whether this one is why.
    RUN: the call never came so far (the way, another in Amazon's place, the token, the
    account, the quota), so that it says nothing of the item.
    """

    ITEM = "item"
    UNCLEAR = "unclear"
    RUN = "run"


class SpApiError(ShoplinkError):
    """A call to Amazon failed; `fault` says whether the item may be the reason.

    `restores_in` is how many seconds the operation's quota takes to grow a token, where
    that is so long that tokens have to be spared; None for a cheap operation.
    `quota_at` is when the next token is there, where none was left for another attempt.
    """

    default_code: ClassVar[str] = "amazon.error"
    default_retryable: ClassVar[bool] = False
    default_fix: ClassVar[str] = ""
    restores_in: float | None = None
    quota_at: datetime | None = None

    @property
    def fault(self) -> Fault:
        """Return whose fault it is: the item's only where Amazon itself judged it."""
        return Fault.RUN

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
    default_retryable = True

    @property
    def is_about_role(self) -> bool:
        """Tell whether it looks like Amazon's refusal of a role that is missing.

        Of a token that is expired, damaged or another region's Amazon gives details;
        what a firewall or gateway refuses has no envelope.
        """
        return self.evidence.has_envelope and not self.details


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
    def fault(self) -> Fault:
        """Return that Amazon judged the item."""
        return Fault.ITEM

    @property
    def issues(self) -> tuple[AmazonIssue, ...]:
        """Return Amazon's list of what is wrong with the request."""
        return self.evidence.issues


class NotFound(SpApiError):
    """Amazon does not know what was asked for."""

    default_code = "amazon.not_found"

    @property
    def fault(self) -> Fault:
        """Return that Amazon judged the item."""
        return Fault.ITEM


class UnexpectedResponse(SpApiError):
    """Amazon told of the item what the published contract does not allow."""

    default_code = "amazon.unexpected_response"

    @property
    def fault(self) -> Fault:
        """Return that it is what Amazon says of this item."""
        return Fault.ITEM


class ServiceUnavailable(SpApiError):
    """Amazon could not answer now; the same call may succeed later."""

    default_code = "amazon.outage"
    default_retryable = True

    @property
    def is_undelivered(self) -> bool:
        """Tell whether Amazon surely never got the request, and counts no call."""
        return False

    @property
    def fault(self) -> Fault:
        """Return that only other items tell, for an answer of Amazon's own (5xx)."""
        return Fault.UNCLEAR if (self.status or 0) >= 500 else Fault.RUN


class NetworkError(ServiceUnavailable):
    """No whole answer arrived.

    `step` is where it broke: dns, connect, tls, proxy, captive_portal, timeout or read.
    """

    def __init__(
        self, message: str, evidence: Evidence, *, step: str, fix: str = ""
    ) -> None:
        super().__init__(message, evidence, code=f"network.{step}", fix=fix)
        self.step = step

    @property
    def is_undelivered(self) -> bool:
        """Tell whether Amazon surely never got the request, and counts no call."""
        return self.step in UNDELIVERED_STEPS

    @property
    def fault(self) -> Fault:
        """Return that the way is at fault, unless Amazon may have had the request."""
        return Fault.UNCLEAR if self.step in {"timeout", "read"} else Fault.RUN


class CaptivePortal(NetworkError):
    """Something answered in Amazon's place: a sign-in page, a proxy, a redirect."""

    @property
    def is_undelivered(self) -> bool:
        """Tell whether Amazon surely never got the request, and counts no call.

        A redirect and a network's sign-in are surely another's. A page may come from
        Amazon's own edge, which counts the call all the same.
        """
        status = self.status or 0
        return 300 <= status < 400 or status == SIGN_IN_TO_NETWORK

    def __init__(self, message: str, evidence: Evidence) -> None:
        super().__init__(
            message,
            evidence,
            step="captive_portal",
            fix=sentence(
                "Open any web page from this server's network and sign in to the "
                "network or proxy, or have it let this host through untouched."
            ),
        )


class NotJudged(ServiceUnavailable):
    """An answer that is not in Amazon's form, so that it proves nothing of anything.

    The gateway's refusal of a path, a refusal without Amazon's envelope, broken JSON.
    """

    default_code = "amazon.not_judged"
    default_fix = sentence(
        "Check the address of Amazon's API in the settings, and whether a proxy "
        "changes addresses, headers or answers. The job goes on by itself."
    )

    @property
    def fault(self) -> Fault:
        """Return that only other items tell, where Amazon accepted the call (2xx)."""
        return Fault.UNCLEAR if 200 <= (self.status or 0) < 300 else Fault.RUN


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

    @property
    def fault(self) -> Fault:
        """Return that it comes before Amazon sees what the call is about."""
        return Fault.RUN


class LwaRefused(SpApiError):
    """Login with Amazon refused the request itself, not the authorisation."""

    default_code = "lwa.refused"
    default_retryable = True
