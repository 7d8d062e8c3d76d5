"""Keeps the address of a report's document while it lives; services layer.

Amazon gives few addresses, each good for five minutes: a report that is stored in
slices uses one for several. Who has the address has the document, so it is encrypted.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, TypedDict

from cryptography.fernet import InvalidToken

from channels_amazon.models import SecretTextField
from channels_amazon.spapi.report_documents import ReportDocument

# Of Amazon's five minutes, less than what a download may take.
LIVES = timedelta(minutes=4)


class SealedAddress(TypedDict):
    """What the job's cursor keeps: the document's id, its encrypted address, its end.

    `until` is ISO text, UTC.
    """

    document: str
    address: str
    until: str


def seal(document: ReportDocument, now: datetime) -> SealedAddress:
    """Return what to put into a cursor for the document's address."""
    sealed = SecretTextField().fernet.encrypt(document.url.encode())
    return {
        "document": document.document_id,
        "address": sealed.decode(),
        "until": (now + LIVES).isoformat(),
    }


def unseal(
    cursor: Mapping[str, Any], document_id: str, now: datetime
) -> ReportDocument | None:
    """Return the document by the address that the cursor has; None without a live one.

    `cursor` holds a SealedAddress or nothing.
    """
    if cursor.get("document") != document_id:
        return None
    if now >= datetime.fromisoformat(str(cursor["until"])):
        return None
    try:
        url = SecretTextField().fernet.decrypt(str(cursor["address"]).encode())
    except InvalidToken:
        # The keys were changed meanwhile: Amazon is asked again.
        return None
    return ReportDocument(document_id, url.decode(), None)
