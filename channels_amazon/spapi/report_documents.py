"""Fetches a report's document from where Amazon has put it; client layer."""

from __future__ import annotations

from contextlib import AbstractContextManager

from channels_amazon.spapi.client import SpApiClient
from channels_amazon.spapi.documents import (
    MAX_BYTES,
    TIMEOUT,
    DocumentContent,
    StoredDocument,
    open_document,
)
from channels_amazon.spapi.operations import REPORT_DOCUMENT

ReportDocument = StoredDocument


def open_report_document(
    client: SpApiClient,
    document: ReportDocument,
    *,
    max_bytes: int = MAX_BYTES,
    timeout: float = TIMEOUT,
) -> AbstractContextManager[DocumentContent]:
    """Give a report's content as a file; raises as `open_document` does."""
    return open_document(
        client, document, REPORT_DOCUMENT, max_bytes=max_bytes, timeout=timeout
    )
