"""Where the pass over an account's FBA units stands; sync layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, TypedDict, cast


class StoredFbaStockCursor(TypedDict):
    """The cursor as the job's JSON column keeps it; times are ISO 8601 texts."""

    began: str
    done: list[str]
    site: str
    token: str
    token_at: str
    restarts: int


@dataclass(frozen=True, slots=True)
class FbaStockCursor:
    """How far the pass has come that `began` then; times are aware UTC.

    `done` are the marketplaces read in this pass, `site` is the one being read.
    `token` asks for its next page; Amazon gave it at `token_at`. `restarts` counts how
    often the site was read again from its start because a token had run out.
    """

    began: datetime
    done: tuple[str, ...] = ()
    site: str = ""
    token: str = ""
    token_at: datetime | None = None
    restarts: int = 0

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
            restarts=stored["restarts"],
        )

    def stored(self) -> StoredFbaStockCursor:
        """Return the cursor as the job's column keeps it."""
        return StoredFbaStockCursor(
            began=self.began.isoformat(),
            done=list(self.done),
            site=self.site,
            token=self.token,
            token_at=self.token_at.isoformat() if self.token_at else "",
            restarts=self.restarts,
        )
