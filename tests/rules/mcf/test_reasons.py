"""Why an order is shipped as it is comes back from its row as it was written."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.utils.translation import ngettext

from channels_amazon.rules.mcf.reasons import DecisionReasons, KeptPreview
from channels_amazon.rules.mcf.terms import Candidate, SpeedOffer
from channels_amazon.wording import said, sentence

ASKED_AT = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
CANDIDATE = Candidate(7, "ATVPDKIKX0DER", "US")
OFFERS = (
    SpeedOffer("standard", is_fulfillable=True, fee=Decimal("5.00"), currency="USD"),
    SpeedOffer("priority", is_fulfillable=False),
)


def test_stored_reasons_are_read_as_they_were_written() -> None:
    why = DecisionReasons(
        rule="Everything",
        reason=sentence("The order has no lines."),
        refused=(sentence("Rule “%(rule)s” is off.", rule="A"),),
        trouble="Amazon's own words",
        previews=(KeptPreview(CANDIDATE, ASKED_AT, OFFERS, said="Too far"),),
    )

    assert DecisionReasons.from_json(json.loads(json.dumps(why.to_json()))) == why


def test_stored_sentence_can_still_be_translated() -> None:
    why = DecisionReasons(reason=sentence("Rule “%(rule)s” is off.", rule="A"))

    read = DecisionReasons.from_json(why.to_json())

    def german(text: str) -> str:
        return text.replace("is off", "ist aus")

    assert said(read.reason, german, ngettext) == "Rule “A” ist aus."


def test_order_without_a_decision_has_no_reasons() -> None:
    assert DecisionReasons.from_json({}) == DecisionReasons()


def test_row_of_an_earlier_version_is_read() -> None:
    kept = {
        "offers": [
            {
                "account": 7,
                "marketplace": "ATVPDKIKX0DER",
                "pool": "US",
                "at": ASKED_AT.isoformat(),
                "speeds": [],
            }
        ]
    }

    assert DecisionReasons.from_json(kept).offers() == {CANDIDATE: ()}


def test_offers_asked_before_the_time_are_left_out() -> None:
    why = DecisionReasons(previews=(KeptPreview(CANDIDATE, ASKED_AT, OFFERS),))

    assert why.offers(since=ASKED_AT) == {CANDIDATE: OFFERS}
    assert why.offers(since=ASKED_AT + timedelta(seconds=1)) == {}
