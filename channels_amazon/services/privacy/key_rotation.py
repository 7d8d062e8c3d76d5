"""Encrypts every secret anew with the first key; services layer.

Batch by batch: it may be interrupted anywhere, and goes on where it was. What a row
held is compared when it is written, so a token that another process stores meanwhile
is never overwritten by an older one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypedDict

from cryptography.fernet import InvalidToken
from django.utils import timezone

from channels_amazon.errors import ShoplinkError
from channels_amazon.models import (
    MaintenanceTask,
    OrderPersonalData,
    PersonalDataWord,
    key_fingerprints,
)
from channels_amazon.services.diagnostics.entries import Entry, Level, record
from channels_amazon.services.jobs import maintenance
from channels_amazon.services.jobs.key_holders import KeyHolder, holders_without
from channels_amazon.services.jobs.maintenance import UnderWay, Write
from channels_amazon.services.privacy import name_search
from channels_amazon.services.privacy.secret_columns import (
    Reencryption,
    SecretTable,
    Values,
    secret_tables,
)
from channels_amazon.wording import counted, sentence

# Rows held in memory at once; one row may carry a whole notification.
ROWS_A_BATCH = 200
# A row that changes under our hands is read anew; a fourth time would be a fault.
_TRIES = 3
# The hashes of names' words: no secrets, but their key comes from the first key.
_WORDS = PersonalDataWord._meta.label_lower

# Old and new value of one column by primary key.
Changes = dict[int, tuple[bytes, bytes]]


class RotationCursor(TypedDict):
    """Where a rotation goes on: in this model, after this primary key.

    `key_id` is a fingerprint of the first key, never the key; `unreadable` counts the
    values so far that no key opens.
    """

    key_id: str
    model: str
    after: int
    unreadable: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A value that none of the keys opens."""

    model: str
    pk: int
    column: str


@dataclass(slots=True)
class ModelResult:
    """What was done to one model's rows: read, encrypted anew, not to be opened."""

    model: str
    rows: int = 0
    rewritten: int = 0
    unreadable: list[Unreadable] = field(default_factory=list)


class KeyNotEverywhere(ShoplinkError):
    """Living processes lack the key with which everything is to be encrypted."""

    def __init__(self, holders: Sequence[KeyHolder]) -> None:
        names = "; ".join(str(one.name) for one in holders)
        super().__init__(
            "host.keys_differ",
            sentence(
                "These processes do not hold the first of FERNET_KEYS, and could not "
                "read what it encrypts: %(names)s.",
                names=names,
            ),
            fix=sentence(
                "Put the new key first and the old one behind it, and restart every "
                "process on every host; one that ended is forgotten within a minute."
            ),
        )


def rotate_keys(
    batch: int = ROWS_A_BATCH, *, tell: Callable[[ModelResult], None] | None = None
) -> list[ModelResult]:
    """Encrypt all secrets with the first of FERNET_KEYS; return what each model took.

    `tell` is called with each model's result as soon as the model is done. The hashes
    of names' words come last, made anew from what was encrypted.

    A rotation that was interrupted goes on after its last row; one that was finished,
    or that left values unread, starts over, and finds what a process with the old keys
    has written since. Raises KeyNotEverywhere while a living process lacks the first
    key, since that one could not read what is written here, and MaintenanceBusy when
    another process rotates.
    """
    _require_everywhere()
    rotation = _Rotation(batch, tell)
    task = maintenance.Pass(
        name=MaintenanceTask.Name.KEY_ROTATION,
        interval=None,
        begin=rotation.begin,
        plan=rotation.plan,
    )
    under_way = UnderWay.CONTINUE if _can_go_on() else UnderWay.DROP
    maintenance.run_pass(task, under_way=under_way)
    results = list(rotation.results.values())
    _record_rotated(results)
    return results


def _require_everywhere() -> None:
    lacking = holders_without(key_fingerprint(), timezone.now())
    if lacking:
        raise KeyNotEverywhere(lacking)


def _record_rotated(results: Sequence[ModelResult]) -> None:
    left = sum(len(result.unreadable) for result in results)
    record(
        Entry(
            code="keys.rotated",
            level=Level.WARNING if left else Level.INFO,
            message=counted(
                "%(count)s secret was encrypted anew with the first of "
                "FERNET_KEYS; left that no key opens: %(left)s.",
                "%(count)s secrets were encrypted anew with the first of "
                "FERNET_KEYS; left that no key opens: %(left)s.",
                sum(result.rewritten for result in results),
                left=left,
            ),
        )
    )


def key_fingerprint() -> str:
    """Return a short name of the first key, from which nobody gets the key."""
    return key_fingerprints()[0]


def _can_go_on() -> bool:
    cursor: RotationCursor | None = maintenance.row_of(
        MaintenanceTask.Name.KEY_ROTATION
    ).cursor
    if cursor is None or cursor["key_id"] != key_fingerprint():
        return False
    # Each of them is to be named at the end, so all must be met again.
    return not cursor["unreadable"]


class _Rotation:
    """One run of the rotation: the tables in order, and what was done to each."""

    def __init__(self, batch: int, tell: Callable[[ModelResult], None] | None) -> None:
        self._batch = batch
        self._tell = tell
        self._tables = {table.label: table for table in secret_tables()}
        self._order = [*self._tables, _WORDS]
        self.results: dict[str, ModelResult] = {}

    def begin(self, now: datetime, last: datetime | None) -> RotationCursor:
        """Return the cursor before the first row of the first model."""
        return {
            "key_id": key_fingerprint(),
            "model": self._order[0],
            "after": 0,
            "unreadable": 0,
        }

    def plan(self, cursor: RotationCursor, now: datetime) -> Write[RotationCursor]:
        """Encrypt the next rows anew, and return what writes them."""
        model = cursor["model"]
        result = self.results.setdefault(model, ModelResult(model))
        if model == _WORDS:
            return self._plan_words(cursor, result)
        table = self._tables[model]
        rows = table.rows(cursor["after"], self._batch)
        if not rows:
            return self._plan_next(cursor, result)
        unreadable = len(result.unreadable)
        planned = [_changes(table, place, rows, result) for place in _places(table)]

        def write() -> RotationCursor:
            for place, changes in zip(_places(table), planned, strict=True):
                result.rewritten += _rewrite(table, place, changes)
            result.rows += len(rows)
            more = len(result.unreadable) - unreadable
            return _behind(cursor, max(rows), more)

        return write

    def _plan_words(
        self, cursor: RotationCursor, result: ModelResult
    ) -> Write[RotationCursor]:
        people = OrderPersonalData.objects.filter(pk__gt=cursor["after"])
        ordered = people.order_by("pk").values_list("pk", flat=True)
        pks = list(ordered[: self._batch])
        if not pks:
            return self._plan_next(cursor, result)

        def write() -> RotationCursor:
            result.rewritten += _rewrite_words(pks)
            result.rows += len(pks)
            return _behind(cursor, pks[-1], 0)

        return write

    def _plan_next(
        self, cursor: RotationCursor, result: ModelResult
    ) -> Write[RotationCursor]:
        if self._tell is not None:
            self._tell(result)
        # One that was started with the old keys alone meanwhile is met here.
        _require_everywhere()
        following = self._order[self._order.index(result.model) + 1 :]
        if not following:
            return lambda: None
        return lambda: {**cursor, "model": following[0], "after": 0}


def _behind(cursor: RotationCursor, after: int, unreadable: int) -> RotationCursor:
    return {
        **cursor,
        "after": after,
        "unreadable": cursor["unreadable"] + unreadable,
    }


def _places(table: SecretTable) -> range:
    return range(len(table.fields))


def _changes(
    table: SecretTable, place: int, rows: dict[int, Values], result: ModelResult
) -> Changes:
    """Return the old and new values of a column; those that no key opens are noted."""
    secret = table.fields[place]
    encrypted_anew = Reencryption(secret)
    changes = {}
    for pk, values in rows.items():
        old = values[place]
        try:
            new = None if old is None else encrypted_anew(old)
        except InvalidToken:
            result.unreadable.append(Unreadable(table.label, pk, secret.attname))
            continue
        if old is not None and new is not None:
            changes[pk] = old, new
    return changes


def _rewrite(table: SecretTable, place: int, changes: Changes) -> int:
    """Write the changes; what another process changed meanwhile is read anew."""
    rewritten = 0
    for _ in range(_TRIES):
        if not changes:
            break
        written = table.replace(place, changes)
        rewritten += written
        if written == len(changes):
            break
        rows = table.rows_of(list(changes))
        # What no key opens now is met when the rotation starts over.
        changes = _changes(table, place, rows, ModelResult(table.label))
    # Others keep writing what is left, and they write with the first key.
    return rewritten


def _rewrite_words(pks: list[int]) -> int:
    """Hash the words of these people anew; return of how many they changed.

    Of a row that no key opens the words stay as they are: its own table names it.
    """
    (table,) = [one for one in secret_tables() if one.model is OrderPersonalData]
    # Locked first, so that no new names are stored between the reading and the writing.
    rows = OrderPersonalData.objects.filter(pk__in=pks)
    rows = rows.select_for_update(no_key=True).order_by("pk")
    locked = list(rows.values_list("pk", flat=True))
    people = {}
    for pk, values in table.rows_of(locked).items():
        try:
            people[pk] = [
                secret.fernet.decrypt(value).decode()
                for secret, value in zip(table.fields, values, strict=True)
                if value is not None
            ]
        except InvalidToken:
            continue
    return name_search.write_words(people)
