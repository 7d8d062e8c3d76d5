"""Reads REPORT_PROCESSING_FINISHED: a report is ready, or never will be; rules layer.

Pure. The form is that of ReportProcessingFinishedNotification.json. The report is
polled because of it, so only which it is must be readable.
"""

from __future__ import annotations

from dataclasses import dataclass

from channels_amazon.rules.events.fields import (
    in_either_case,
    optional_id,
    optional_text,
    required_id,
    wrong_schema,
)
from channels_amazon.rules.events.order_change import Envelope
from channels_amazon.wording import sentence

REPORT_PROCESSING_FINISHED = "REPORT_PROCESSING_FINISHED"
_NAME = "ReportProcessingFinishedNotification"
LONGEST_REPORT_ID = 80


@dataclass(frozen=True, slots=True)
class ReportEvent:
    """The end of a report; `report_type` and `status` are Amazon's words.

    All but the report's id are "" where they cannot be read.
    """

    seller_id: str
    report_id: str
    report_type: str
    status: str


def read_report_event(envelope: Envelope) -> ReportEvent:
    """Return how a report ended; raises BadEvent where it does not say which one.

    A report for a group of vendors has no seller, and is none of ours.
    """
    end = in_either_case(envelope.payload, _NAME)
    if not isinstance(end, dict):
        raise wrong_schema(_NAME, sentence("is missing or is not an object"))
    return ReportEvent(
        seller_id=optional_id(end, "sellerId"),
        report_id=required_id(end, "reportId", LONGEST_REPORT_ID),
        report_type=optional_text(end.get("reportType")),
        status=optional_text(end.get("processingStatus")),
    )
