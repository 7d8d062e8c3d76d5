"""Why a store order is shipped as it is, as its row keeps it; pure, rules layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from channels_amazon.rules.mcf.terms import Candidate, McfDecision, SpeedOffer
from channels_amazon.wording import pack, unpack


@dataclass(frozen=True, slots=True)
class KeptPreview:
    """What Amazon's preview offered for a candidate, asked at `asked_at` (UTC).

    `said` are Amazon's own words, such as why it cannot ship. `offers` is empty where
    Amazon refused the question itself.
    """

    candidate: Candidate
    asked_at: datetime
    offers: tuple[SpeedOffer, ...]
    said: str = ""

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> KeptPreview:
        """Return the preview that `to_json` has written."""
        return cls(
            candidate=Candidate(kept["account"], kept["marketplace"], kept["pool"]),
            asked_at=datetime.fromisoformat(kept["at"]),
            offers=tuple(
                SpeedOffer(
                    speed=speed["speed"],
                    is_fulfillable=speed["able"],
                    fee=None if speed["fee"] is None else Decimal(speed["fee"]),
                    currency=speed["currency"],
                )
                for speed in kept["speeds"]
            ),
            said=unpack(kept.get("said", "")),
        )

    def to_json(self) -> dict[str, Any]:
        """Return what is stored: fees as text, the time in ISO 8601, words packed."""
        return {
            "account": self.candidate.account_id,
            "marketplace": self.candidate.marketplace_id,
            "pool": self.candidate.pool,
            "at": self.asked_at.isoformat(),
            "said": pack(self.said),
            "speeds": [
                {
                    "speed": offer.speed,
                    "able": offer.is_fulfillable,
                    "fee": None if offer.fee is None else str(offer.fee),
                    "currency": offer.currency,
                }
                for offer in self.offers
            ],
        }


@dataclass(frozen=True, slots=True)
class DecisionReasons:
    """The content of `StoreOrder.decided_why`; its sentences can be translated.

    `rule` is the name of the rule that decided, "" without one. `refused` says of each
    rule why it did not bring the order to MCF. `trouble` says what went wrong at Amazon
    after the decision. `previews` stay until the order is decided anew, so that the
    jobs of several accounts can each ask for their part.
    """

    rule: str = ""
    reason: str = ""
    refused: tuple[str, ...] = ()
    trouble: str = ""
    previews: tuple[KeptPreview, ...] = ()

    @classmethod
    def of(
        cls, decision: McfDecision, previews: tuple[KeptPreview, ...]
    ) -> DecisionReasons:
        """Return the reasons of a decision, and the previews that it knew."""
        return cls(
            rule=decision.rule.name if decision.rule else "",
            reason=decision.reason,
            refused=decision.refused,
            previews=previews,
        )

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> DecisionReasons:
        """Return the reasons of a stored column; what is not there is empty."""
        return cls(
            rule=kept.get("rule", ""),
            reason=unpack(kept.get("reason", "")),
            refused=tuple(unpack(text) for text in kept.get("refused", ())),
            trouble=unpack(kept.get("trouble", "")),
            previews=tuple(map(KeptPreview.from_json, kept.get("offers", ()))),
        )

    def to_json(self) -> dict[str, Any]:
        """Return what is stored: {"rule", "reason", "refused", "trouble", "offers"}."""
        return {
            "rule": self.rule,
            "reason": pack(self.reason),
            "refused": [pack(text) for text in self.refused],
            "trouble": pack(self.trouble),
            "offers": [preview.to_json() for preview in self.previews],
        }

    def offers(
        self, since: datetime | None = None
    ) -> dict[Candidate, tuple[SpeedOffer, ...]]:
        """Return Amazon's offers by candidate; with `since` only those asked since."""
        return {
            preview.candidate: preview.offers
            for preview in self.previews
            if since is None or preview.asked_at >= since
        }
