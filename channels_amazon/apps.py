"""The application's configuration."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig, apps
from django.core.checks import register
from django.utils.translation import gettext_lazy as _

from channels_amazon.checks import CHECKS


class ChannelsAmazonConfig(AppConfig):
    """Configure the one application of Shoplink."""

    name = "channels_amazon"
    verbose_name = _("Channels → Amazon")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register checks and reconcilers; hear of changed rights and of sign-ins."""
        _name_the_sign_ins()
        for check, tag in CHECKS:
            register(check, tag)
        # Here, since these modules need the models to be loaded.
        registry = import_module(f"{self.name}.services.jobs.registry")
        registry.discover(import_module(f"{self.name}.sync"))
        import_module(f"{self.name}.services.diagnostics.rights").listen()
        import_module(f"{self.name}.views.local_time").listen()


def _name_the_sign_ins() -> None:
    """Have pages call the failures that django-axes keeps what they are."""
    apps.get_app_config("axes").verbose_name = _("Sign-ins")
    names = apps.get_model("axes", "AccessFailureLog")._meta
    names.verbose_name = _("failed sign-in")
    names.verbose_name_plural = _("failed sign-ins")
