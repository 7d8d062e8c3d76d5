"""Where the pass over an account's listings stands; sync layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, TypedDict, cast

from channels_amazon.sync.runtime.page_trail import PageTrail, StoredPageTrail


class StoredListingsCursor(TypedDict, total=False):
    """The cursor as the job's JSON column keeps it; times are ISO 8601 texts or ""."""

    done: list[str]
    site: str
    began: str
    since: str
    reached: str
    token: str
    rows: int
    total: int
    pass_began: str
    trail: StoredPageTrail


@dataclass(frozen=True, slots=True)
class ListingsCursor:
    """How far the pass has come; all times are aware UTC, None while not known.

    `done` are the marketplaces finished in this pass, `site` is the one being read
    since `began`. `since` opens the present window, `reached` is the newest change
    seen in it, `rows` how many rows it showed, `token` its next page. `total` adds up
    the marketplaces' listings, for the page that shows the progress. `trail` is what
    is remembered of the window's pages, `pass_began` when the first marketplace was.
    """

    done: tuple[str, ...] = ()
    site: str = ""
    began: datetime | None = None
    since: datetime | None = None
    reached: datetime | None = None
    token: str = ""
    rows: int = 0
    total: int = 0
    pass_began: datetime | None = None
    trail: PageTrail = PageTrail()
    # Of the run alone: whether the page just read was the marketplace's last.
    is_finished: bool = False

    @classmethod
    def read(cls, column: dict[str, Any]) -> Self:
        """Return the cursor that the job's column holds; {} is the start of a pass."""
        stored = cast(StoredListingsCursor, column)
        return cls(
            done=tuple(stored.get("done", ())),
            site=stored.get("site", ""),
            began=_moment(stored.get("began", "")),
            since=_moment(stored.get("since", "")),
            reached=_moment(stored.get("reached", "")),
            token=stored.get("token", ""),
            rows=stored.get("rows", 0),
            total=stored.get("total", 0),
            pass_began=_moment(stored.get("pass_began", "")),
            trail=PageTrail.read(stored.get("trail")),
        )

    def begin(self, site: str, now: datetime) -> Self:
        """Return the cursor at the start of the next marketplace."""
        return type(self)(
            done=self.done,
            site=site,
            began=now,
            total=self.total,
            pass_began=self.pass_began or now,
        )

    def leave(self, *, is_done: bool) -> Self:
        """Return the cursor between two marketplaces; one that is not done is left."""
        return type(self)(
            done=(*self.done, self.site) if is_done else self.done,
            total=self.total,
            pass_began=self.pass_began,
        )

    def stored(self) -> StoredListingsCursor:
        """Return the cursor as the job's column keeps it."""
        return StoredListingsCursor(
            done=list(self.done),
            site=self.site,
            began=_text(self.began),
            since=_text(self.since),
            reached=_text(self.reached),
            token=self.token,
            rows=self.rows,
            total=self.total,
            pass_began=_text(self.pass_began),
            trail=self.trail.stored(),
        )


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _text(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
