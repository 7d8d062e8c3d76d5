"""Encrypted text columns that refuse what would destroy their value; models layer."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.exceptions import FieldError
from django.db.backends.base.base import BaseDatabaseWrapper
from fernet_fields import EncryptedTextField

# What a key is hashed with to get its name, which is stored.
_FINGERPRINT = b"shoplink key rotation"


class SecretTextField(EncryptedTextField):  # type: ignore[misc]
    """Store text encrypted with the first of FERNET_KEYS.

    `bulk_update`, `F()` and `Value()` hand the field an SQL expression, whose text
    would be encrypted in place of the value: such a write raises FieldError.
    """

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        """Return the encrypted bytes, or raise FieldError for an expression."""
        if hasattr(value, "resolve_expression") or hasattr(value, "as_sql"):
            msg = f"{self.name} is encrypted: write it with save() or update(text)."
            raise FieldError(msg)
        return super().get_db_prep_save(value, connection)


def key_fingerprints(keys: Sequence[str] | None = None) -> list[str]:
    """Return a short name of each of FERNET_KEYS, the one that encrypts first.

    Two processes that name the same hold the same; nobody gets the key from its name.
    """
    given = settings.FERNET_KEYS if keys is None else keys
    return [
        hmac.new(str(key).encode(), _FINGERPRINT, hashlib.sha256).hexdigest()[:16]
        for key in given
    ]


def dump_secret(value: dict[str, Any] | None) -> str:
    """Return the JSON text kept in an encrypted column ("" for nothing)."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True) if value else ""


def load_secret(text: str) -> dict[str, Any]:
    """Return what `dump_secret` stored, an empty dict for nothing."""
    loaded: dict[str, Any] = json.loads(text) if text else {}
    return loaded
