"""The record of every attempt, handed to whoever keeps it; client layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from channels_amazon.spapi.exchange import Exchange


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One attempt of one request, without secrets and personal data.

    `reference` is the order id or seller SKU it was about. `status` is None when no
    answer came. `server_date` is the answer's Date header, from which the skew of
    this host's clock is seen. `rate_limit` is the rate that Amazon stated. `exchange`
    is what is kept of request and answer, of a call that failed.
    """

    operation: str
    method: str
    path: str
    started_at: datetime
    marketplace_id: str = ""
    reference: str = ""
    status: int | None = None
    amazon_code: str = ""
    request_id: str = ""
    error_class: str = ""
    message: str = ""
    attempt: int = 1
    latency_ms: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0
    tokens_left: float | None = None
    rate_limit: float | None = None
    server_date: datetime | None = None
    exchange: Exchange | None = None


class Recorder(Protocol):
    """Keeps the records of attempts."""

    def record(self, call: CallRecord) -> None:
        """Keep one record; called once an attempt, successful or not."""
        ...


class NullRecorder:
    """Keeps nothing: for a probe that must leave no trace."""

    def record(self, call: CallRecord) -> None:
        """Drop the record."""
