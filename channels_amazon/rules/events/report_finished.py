"""Reads REPORT_PROCESSING_FINISHED: a report is ready, or never will; rules layer.

Pure. The form is that of ReportProcessingFinishedNotification.json.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from channels_amazon.rules.events.fields import either, text, word, wrong_schema
from channels_amazon.rules.events.order_change import Envelope
from channels_amazon.wording import sentence

REPORT_PROCESSING_FINISHED = "REPORT_PROCESSING_FINISHED"
_NAME = "ReportProcessingFinishedNotification"


@dataclass(frozen=True, slots=True)
class ReportEvent:
    """The end of a report; `status` is Amazon's word, `document_id` "" without one."""

    seller_id: str
    report_id: str
    report_type: str
    status: str
    document_id: str
    finished_at: datetime | None


def read_report_event(envelope: Envelope) -> ReportEvent:
    """Return how a report ended; raises BadEvent naming the field that is wrong.

    A report for a group of vendors has no seller, and is none of ours.
    """
    told = either(envelope.payload, _NAME)
    if not isinstance(told, dict):
        raise wrong_schema(_NAME, sentence("is missing or is not an object"))
    return ReportEvent(
        seller_id=text(told, "sellerId"),
        report_id=text(told, "reportId"),
        report_type=text(told, "reportType"),
        status=text(told, "processingStatus"),
        document_id=word(told.get("reportDocumentId")),
        finished_at=envelope.event_at or envelope.published_at,
    )
