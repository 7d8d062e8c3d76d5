"""Remembers, in a few bytes, which pages a search has brought; sync layer.

A search of Amazon's ends with a page that names no other. One that goes round never
does, and looks well page by page. What is remembered does not grow with the pages: it
is kept in the job's cursor, so that a ring is seen over runs and processes too. A mark
is put down at page 1, 2, 4, 8 and so on (Brent's way to find a cycle), and what comes
by it again was seen before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Self, TypedDict, cast

from channels_amazon.wording import Sentence, counted

# A token may be refused now and then (a page too old, a server that restarted): so
# often a pass begins anew before it counts as stuck.
MOST_RESTARTS = 3
# Amazon may give a page without rows, and another after it: so many in a row.
MOST_EMPTY = 5
# Rows of the marked page that are remembered; most of them must come again, since one
# or two may slip to a later page when something is inserted before them.
MARKED_ROWS = 8
# A page given twice is odd; when it happens again Amazon goes round.
MOST_REPEATS = 1

_ROW_BYTES = 6
_TOKEN_BYTES = 8


class StoredPageTrail(TypedDict, total=False):
    """A trail as a job's JSON column keeps it; digests are hexadecimal."""

    restarts: int
    pages: int
    empty: int
    token: str
    rows: list[str]
    again: list[str]
    repeats: int
    asked: int


class Standstill(Exception):
    """A pass does not get on; `reason` is a whole sentence that says why.

    `asked` is how many pages it has asked for in all, a call each.
    """

    def __init__(self, reason: Sentence, asked: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.asked = asked


@dataclass(frozen=True, slots=True)
class PageTrail:
    """What is remembered of one search.

    `restarts` counts how often the pass began anew since a token was refused. Of this
    attempt there are `pages`, of which the last `empty` had no rows. `token` and
    `rows` are the marks, `again` the marked rows that came by since, and `repeats` how
    often most of them did. `asked` counts the pages of all attempts, those whose token
    was refused too.
    """

    restarts: int = 0
    pages: int = 0
    empty: int = 0
    token: str = ""
    rows: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    repeats: int = 0
    asked: int = 0

    @classmethod
    def read(cls, column: object) -> Self:
        """Return the trail that was stored; what is not there is an empty one."""
        stored = cast(StoredPageTrail, column or {})
        return cls(
            restarts=stored.get("restarts", 0),
            pages=stored.get("pages", 0),
            empty=stored.get("empty", 0),
            token=stored.get("token", ""),
            rows=tuple(stored.get("rows", ())),
            again=tuple(stored.get("again", ())),
            repeats=stored.get("repeats", 0),
            asked=stored.get("asked", 0),
        )

    def stored(self) -> StoredPageTrail:
        """Return the trail as a job's column keeps it."""
        return StoredPageTrail(
            restarts=self.restarts,
            pages=self.pages,
            empty=self.empty,
            token=self.token,
            rows=list(self.rows),
            again=list(self.again),
            repeats=self.repeats,
            asked=self.asked,
        )

    def follow(self, rows: Iterable[str], next_token: str | None) -> Self:
        """Return the trail with one more page; `next_token` None ends the search.

        `rows` names each row with its version, so that one which changed meanwhile, and
        so comes again, is another one. Raises Standstill where the search goes round.
        """
        trail = replace(self, pages=self.pages + 1, asked=self.asked + 1)
        if not next_token:
            return trail
        page = frozenset(_digest(row, _ROW_BYTES) for row in rows)
        return trail._with_token(next_token)._with_rows(page)

    def restarted(self) -> Self:
        """Return the trail of a pass that begins anew, since its token was refused.

        Raises Standstill where that has happened too often.
        """
        asked = self.asked + 1
        if self.restarts >= MOST_RESTARTS:
            raise Standstill(
                counted(
                    "Amazon refused the token of the next page %(count)d time.",
                    "Amazon refused the token of the next page %(count)d times.",
                    self.restarts + 1,
                ),
                asked,
            )
        return type(self)(restarts=self.restarts + 1, asked=asked)

    def _with_token(self, token: str) -> Self:
        digest = _digest(token, _TOKEN_BYTES)
        if digest == self.token:
            raise Standstill(
                counted(
                    "Amazon named a page as the next one that it had given "
                    "before, after %(count)d page.",
                    "Amazon named a page as the next one that it had given "
                    "before, after %(count)d pages.",
                    self.pages,
                ),
                self.asked,
            )
        return replace(self, token=digest) if _is_marked(self.pages) else self

    def _with_rows(self, page: frozenset[str]) -> Self:
        if not page:
            return self._with_empty_page()
        again = tuple(sorted({*self.again, *(page & set(self.rows))}))
        is_repeated = bool(self.rows) and 2 * len(again) > len(self.rows)
        repeats = self.repeats + is_repeated
        if repeats > MOST_REPEATS:
            raise Standstill(
                counted(
                    "Amazon gave the same rows again and again, each time with "
                    "another next page, after %(count)d page.",
                    "Amazon gave the same rows again and again, each time with "
                    "another next page, after %(count)d pages.",
                    self.pages,
                ),
                self.asked,
            )
        if is_repeated or not self.rows or _is_marked(self.pages):
            rows, again = tuple(sorted(page)[:MARKED_ROWS]), ()
        else:
            rows = self.rows
        return replace(self, empty=0, rows=rows, again=again, repeats=repeats)

    def _with_empty_page(self) -> Self:
        empty = self.empty + 1
        if empty > MOST_EMPTY:
            raise Standstill(
                counted(
                    "Amazon gave %(count)d page that was empty, with another "
                    "next page.",
                    "Amazon gave %(count)d pages in a row that were empty, each "
                    "time with another next page.",
                    empty,
                ),
                self.asked,
            )
        return replace(self, empty=empty)


def _is_marked(page: int) -> bool:
    """Tell whether a mark is put down at that page: 1, 2, 4, 8 and so on."""
    return page & (page - 1) == 0


def _digest(text: str, size: int) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).hexdigest()
