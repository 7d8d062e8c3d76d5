"""Where a store wants to be told of its orders; models layer."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from channels_amazon.models.encrypted import SecretTextField
from channels_amazon.models.scope import StoreScoped
from channels_amazon.models.sentence import SentenceField
from channels_amazon.models.store import Store


class StoreEndpoint(StoreScoped):
    """The store's address for signed messages about its orders (a webhook)."""

    class Test(models.TextChoices):
        """How far the newest test message is."""

        WAITING = "waiting", _("waits for a worker")
        SENDING = "sending", _("is being sent")
        ARRIVED = "arrived", _("arrived")
        FAILED = "failed", _("did not arrive")

    store = models.OneToOneField(
        Store, models.CASCADE, verbose_name=_("store"), related_name="endpoint"
    )
    url = models.URLField(_("address"), max_length=500)
    secret = SecretTextField(blank=True, default="")
    is_active = models.BooleanField(_("switched on"), default=True)
    last_ok_at = models.DateTimeField(null=True, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=60, blank=True)
    error_message = SentenceField(blank=True)
    # The newest test message, which a worker sends: when it was asked for, and what
    # became of it.
    test_state = models.CharField(max_length=10, choices=Test.choices, blank=True)
    test_requested_at = models.DateTimeField(null=True, blank=True)
    test_message = SentenceField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("store address")
        verbose_name_plural = _("store addresses")

    def __str__(self) -> str:
        return self.url
