"""What a user chose for themselves: in which time zone they live; services layer."""

from __future__ import annotations

from typing import Any

from channels_amazon.models import UserSettings


def settings_of(user: Any) -> UserSettings:
    """Return what the user chose, or a row that is not kept yet."""
    kept: UserSettings | None = UserSettings.objects.filter(user_id=user.pk).first()
    return kept or UserSettings(user=user)


def choose_time_zone(user: Any, name: str) -> None:
    """Show the user all times in this zone; "" for the one that the browser says."""
    _choose(user, time_zone=name)


def note_file_zone(user: Any, name: str) -> None:
    """Offer this zone first when the user sends the next file."""
    _choose(user, file_time_zone=name)


def _choose(user: Any, **values: str) -> None:
    settings = settings_of(user)
    if settings.pk and all(getattr(settings, key) == values[key] for key in values):
        return
    UserSettings.objects.update_or_create(user=user, defaults=values)
