"""Where a store wants to be told of its orders; models layer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

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

    TESTS_UNDER_WAY: ClassVar = (Test.WAITING, Test.SENDING)
    # A worker begins it within moments; after that nobody waits for it any longer.
    TEST_PATIENCE: ClassVar = timedelta(minutes=1)

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

    def is_test_under_way(self, now: datetime) -> bool:
        """Tell whether a test message is asked for and may still be sent."""
        since = now - self.TEST_PATIENCE
        is_new = self.test_requested_at is not None and self.test_requested_at > since
        return is_new and self.test_state in self.TESTS_UNDER_WAY

    def is_test_lost(self, now: datetime) -> bool:
        """Tell whether no worker has taken the test message, or none has ended it."""
        under_way = self.test_state in self.TESTS_UNDER_WAY
        return under_way and not self.is_test_under_way(now)

    @property
    def has_test_arrived(self) -> bool:
        """Tell whether the newest test message arrived."""
        return self.test_state == self.Test.ARRIVED

    @property
    def has_test_failed(self) -> bool:
        """Tell whether the newest test message did not arrive."""
        return self.test_state == self.Test.FAILED
