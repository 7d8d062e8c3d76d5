"""Encrypts every secret anew with the first key; services layer.

Row by row, each in a statement of its own: it may be interrupted anywhere, and goes on
where it was. What a row held is compared when it is written, so a token that another
process stores meanwhile is never overwritten by an older one.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field

from cryptography.fernet import Fernet, InvalidToken
from django.apps import apps
from django.conf import settings
from django.db import connection, models, transaction
from django.utils import timezone

from channels_amazon.models import (
    KeyRotation,
    OrderPersonalData,
    PersonalDataWord,
    SecretTextField,
)
from channels_amazon.services.privacy.name_search import write_words

# Rows held in memory at once; one row may carry a whole notification.
BATCH = 50
# A row that changes under our hands is read anew; a fourth time would be a fault.
_TRIES = 3


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


@dataclass(frozen=True, slots=True)
class _Table:
    """A model with encrypted columns, its names quoted for SQL."""

    label: str
    name: str
    pk: str
    columns: tuple[str, ...]
    fields: tuple[SecretTextField, ...]


def rotate_keys(batch: int = BATCH) -> Iterator[ModelResult]:
    """Encrypt all secrets with the first of FERNET_KEYS; yield what each model took.

    The hashes of names' words come last, made anew from what was encrypted.

    A rotation that was interrupted goes on after its last row; one that was finished
    starts over, and finds what a process with the old keys has written since. Every
    process must know the new first key before this begins.
    """
    for table in _tables():
        yield _rotate(table, batch)
    yield _rotate_words(batch)


def key_fingerprint() -> str:
    """Return a short name of the first key, from which nobody gets the key."""
    key = str(settings.FERNET_KEYS[0]).encode()
    return hmac.new(key, b"shoplink key rotation", hashlib.sha256).hexdigest()[:16]


def _tables() -> list[_Table]:
    found = []
    for model in apps.get_app_config("channels_amazon").get_models():
        secrets = [f for f in model._meta.fields if isinstance(f, SecretTextField)]
        if secrets:
            found.append(_table(model, secrets))
    return found


def _table(model: type[models.Model], secrets: list[SecretTextField]) -> _Table:
    quote = connection.ops.quote_name
    meta = model._meta
    return _Table(
        label=meta.label_lower,
        name=quote(meta.db_table),
        pk=quote("id"),
        columns=tuple(quote(column.column) for column in secrets),
        fields=tuple(secrets),
    )


def _rotate(table: _Table, batch: int) -> ModelResult:
    progress = _begin(table.label)
    result = ModelResult(table.label)
    while pks := _next_pks(table, progress.last_pk, batch):
        for pk in pks:
            for column, secret in zip(table.columns, table.fields, strict=True):
                _rewrite(table, pk, column, secret, result)
        result.rows += len(pks)
        progress.last_pk = pks[-1]
        progress.rows += len(pks)
        progress.save(update_fields=["last_pk", "rows"])
    progress.finished_at = timezone.now()
    progress.save(update_fields=["finished_at"])
    return result


def _rotate_words(batch: int) -> ModelResult:
    """Hash the words of names anew: their key is derived from the first key.

    A row that no key opens is told of with its own table; its words stay as they are.
    """
    progress = _begin(PersonalDataWord._meta.label_lower)
    result = ModelResult(PersonalDataWord._meta.label_lower)
    rows = OrderPersonalData.objects.order_by("pk").values_list("pk", flat=True)
    while pks := list(rows.filter(pk__gt=progress.last_pk)[:batch]):
        for pk in pks:
            result.rewritten += _rewrite_words(pk)
        result.rows += len(pks)
        progress.last_pk = pks[-1]
        progress.rows += len(pks)
        progress.save(update_fields=["last_pk", "rows"])
    progress.finished_at = timezone.now()
    progress.save(update_fields=["finished_at"])
    return result


def _rewrite_words(pk: int) -> bool:
    with transaction.atomic():
        try:
            row = OrderPersonalData.objects.select_for_update().filter(pk=pk).first()
        except InvalidToken:
            return False
        return row is not None and write_words(row)


def _begin(model: str) -> KeyRotation:
    row, _ = KeyRotation.objects.get_or_create(key_id=key_fingerprint(), model=model)
    if row.finished_at is not None:
        row.last_pk, row.rows, row.finished_at = 0, 0, None
        row.save(update_fields=["last_pk", "rows", "finished_at"])
    return row


def _next_pks(table: _Table, after: int, batch: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {table.pk} FROM {table.name} WHERE {table.pk} > %s "  # noqa: S608
            f"ORDER BY {table.pk} LIMIT %s",
            [after, batch],
        )
        return [int(row[0]) for row in cursor.fetchall()]


def _rewrite(
    table: _Table, pk: int, column: str, secret: SecretTextField, result: ModelResult
) -> None:
    """Encrypt one value anew unless the first key made it."""
    for _ in range(_TRIES):
        old = _read(table, pk, column)
        if old is None:
            return
        try:
            new = _encrypted_anew(secret, old)
        except InvalidToken:
            result.unreadable.append(Unreadable(table.label, pk, secret.attname))
            return
        if new is None:
            return
        if _write(table, pk, column, (old, new)):
            result.rewritten += 1
            return
    # Others keep writing it, and they write with the first key.


def _read(table: _Table, pk: int, column: str) -> bytes | None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {column} FROM {table.name} WHERE {table.pk} = %s",  # noqa: S608
            [pk],
        )
        row = cursor.fetchone()
    return None if row is None or row[0] is None else bytes(row[0])


def _encrypted_anew(secret: SecretTextField, old: bytes) -> bytes | None:
    """Return the value under the first key; None when that has made it already.

    Raises InvalidToken when no key opens it.
    """
    first = Fernet(secret.fernet_keys[0])
    try:
        first.decrypt(old)
    except InvalidToken:
        plain: bytes = secret.fernet.decrypt(old)
        return first.encrypt(plain)
    return None


def _write(table: _Table, pk: int, column: str, change: tuple[bytes, bytes]) -> bool:
    old, new = change
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table.name} SET {column} = %s "  # noqa: S608
            f"WHERE {table.pk} = %s AND {column} = %s",
            [new, pk, old],
        )
        return bool(cursor.rowcount)
