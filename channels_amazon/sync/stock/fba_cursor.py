"""Where the pass over an account's FBA units stands; sync layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, TypedDict, cast

from channels_amazon.sync.runtime.page_trail import PageTrail, StoredPageTrail


class StoredFbaStockCursor(TypedDict, total=False):
    """The cursor as the job's JSON column keeps it; times are ISO 8601 texts."""

    began: str
    done: list[str]
    site: str
    token: str
    token_at: str
    trail: StoredPageTrail


@dataclass(frozen=True, slots=True)
class FbaStockCursor:
    """How far the pass has come that `began` then; times are aware UTC.

    `done` are the marketplaces read in this pass, `site` is the one being read.
    `token` asks for its next page; Amazon gave it at `token_at`. `trail` is what is
    remembered of the site's pages, and how often it was read again from its start.
    """

    began: datetime
    done: tuple[str, ...] = ()
    site: str = ""
    token: str = ""
    token_at: datetime | None = None
    trail: PageTrail = PageTrail()

    @property
    def restarts(self) -> int:
        """Return how often the site was read anew because a token had run out."""
        return self.trail.restarts

    @classmethod
    def read(cls, column: dict[str, Any]) -> Self:
        """Return the cursor that the job's column holds, which must not be empty."""
        stored = cast(StoredFbaStockCursor, column)
        token_at = stored["token_at"]
        return cls(
            began=datetime.fromisoformat(stored["began"]),
            done=tuple(stored["done"]),
            site=stored["site"],
            token=stored["token"],
            token_at=datetime.fromisoformat(token_at) if token_at else None,
            trail=PageTrail.read(stored.get("trail")),
        )

    def stored(self) -> StoredFbaStockCursor:
        """Return the cursor as the job's column keeps it."""
        return StoredFbaStockCursor(
            began=self.began.isoformat(),
            done=list(self.done),
            site=self.site,
            token=self.token,
            token_at=self.token_at.isoformat() if self.token_at else "",
            trail=self.trail.stored(),
        )
