"""The application's configuration."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChannelsAmazonConfig(AppConfig):
    """Configure the one application of Shoplink."""

    name = "channels_amazon"
    verbose_name = _("Channels → Amazon")
    default_auto_field = "django.db.models.BigAutoField"
