"""The root of every error Shoplink raises, and what a job does about it; no layer."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar


class ShoplinkError(Exception):
    """Something went wrong that has a code, a sentence and perhaps a fix.

    `code` is a name of the fault catalogue, such as `token.revoked`; `message` says
    what happened, `fix` what to do about it; `retryable` tells whether the same
    attempt may succeed later without anybody doing anything.
    """

    def __init__(
        self, code: str, message: str, *, fix: str = "", retryable: bool = False
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fix = fix
        self.retryable = retryable

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class SyncError(ShoplinkError):
    """A reconciler could not finish; its class decides what happens to the job."""


class Recoverable(SyncError):
    """The job goes on by itself, at `retry_at` or by its own backoff.

    `is_recorded` says that the log has what happened, item by item.
    """

    is_recorded: ClassVar[bool] = False

    def __init__(
        self,
        code: str,
        message: str,
        *,
        fix: str = "",
        retry_at: datetime | None = None,
    ) -> None:
        super().__init__(code, message, fix=fix, retryable=True)
        self.retry_at = retry_at


class NeedsMerchant(SyncError):
    """The job is blocked until a person has done what `fix` says."""
