"""What people chose for themselves, in whichever store they are; models layer."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from channels_amazon.models.store import validate_time_zone


class UserSettings(models.Model):
    """One user's choices; who never chose has no row."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        verbose_name=_("user"),
        related_name="+",
    )
    # "": as the browser says.
    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        blank=True,
        default="",
        validators=[validate_time_zone],
    )
    # In which files were read last that say no zone; "": none was yet.
    file_time_zone = models.CharField(
        _("time zone of files"),
        max_length=64,
        blank=True,
        default="",
        validators=[validate_time_zone],
    )

    class Meta:
        verbose_name = _("settings of a user")
        verbose_name_plural = _("settings of users")

    def __str__(self) -> str:
        return str(self.user)
