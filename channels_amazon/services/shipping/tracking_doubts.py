"""Says to a person that a tracking number looks wrong; services layer.

It stops nothing: the number goes to Amazon as it was entered.
"""

from __future__ import annotations

from channels_amazon.rules.shipping.carriers import OTHER, known_carrier
from channels_amazon.rules.shipping.tracking_forms import TrackingDoubt, tracking_doubt
from channels_amazon.wording import Sentence, sentence


def tracking_warning(carrier: str, number: str) -> Sentence | str:
    """Return what looks wrong with the number, "" where nothing does.

    `carrier` is Amazon's name of it or one that sellers use.
    """
    known = known_carrier(carrier)
    code = known.code if known is not None and known.code != OTHER else ""
    match tracking_doubt(code, number):
        case TrackingDoubt.PLACEHOLDER:
            return sentence(
                "“%(number)s” looks like no tracking number at all.", number=number
            )
        case TrackingDoubt.WRONG_FORM:
            return sentence(
                "“%(number)s” does not look like a tracking number of %(carrier)s.",
                number=number,
                carrier=code,
            )
        case TrackingDoubt.WRONG_CHECK_DIGIT:
            return sentence(
                "“%(number)s” is mistyped or not of %(carrier)s: its check digit is "
                "wrong.",
                number=number,
                carrier=code,
            )
    return ""
