"""The developer application at Amazon and its client secrets; models layer."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from channels_amazon.models.encrypted import SecretTextField


class DeveloperApplication(models.Model):
    """An application registered with Amazon; the other half of every quota key.

    It belongs to the installation, not to a store.
    """

    name = models.CharField(_("name"), max_length=120)
    app_id = models.CharField(_("application id"), max_length=120, unique=True)
    lwa_client_id = models.CharField(_("LWA client id"), max_length=160)
    redirect_uri = models.URLField(_("redirect URI"), max_length=500)
    is_draft = models.BooleanField(
        _("draft"),
        default=False,
        help_text=_("A draft application needs version=beta in the consent address."),
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("developer application")
        verbose_name_plural = _("developer applications")

    def __str__(self) -> str:
        return self.name


class ClientSecret(models.Model):
    """One LWA client secret; after a rotation two are valid for seven days."""

    application = models.ForeignKey(
        DeveloperApplication, models.CASCADE, related_name="client_secrets"
    )
    secret = SecretTextField()
    since = models.DateTimeField(_("valid since"))
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)

    class Meta:
        ordering = ("-since", "-pk")
        get_latest_by = "since"

    def __str__(self) -> str:
        return f"{self.application} {self.since:%Y-%m-%d}"
