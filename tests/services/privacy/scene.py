"""Encryption keys that change within a test."""

from __future__ import annotations

from pytest_django import Settings

from channels_amazon.models import (
    AccessToken,
    ClientSecret,
    Credential,
    Notification,
    OrderPersonalData,
    SecretTextField,
    StoreOrderPersonalData,
)

OLD = "the-old-key-of-more-than-thirty-two-bytes-1"
NEW = "the-new-key-of-more-than-thirty-two-bytes-2"
WITH_SECRETS = (
    AccessToken,
    ClientSecret,
    Credential,
    Notification,
    OrderPersonalData,
    StoreOrderPersonalData,
)


def use(settings: Settings, *keys: str) -> None:
    """Let every encrypted column read the keys anew."""
    settings.FERNET_KEYS = list(keys)
    forget_keys()


def forget_keys() -> None:
    """Drop what the fields remember of the keys."""
    for model in WITH_SECRETS:
        for column in model._meta.fields:
            if isinstance(column, SecretTextField):
                for name in ("keys", "fernet_keys", "fernet"):
                    column.__dict__.pop(name, None)
