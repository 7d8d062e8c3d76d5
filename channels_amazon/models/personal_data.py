"""Orders' personal data, its search words, proofs that it went; models layer."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from channels_amazon.models.encrypted import SecretTextField
from channels_amazon.models.order import Order
from channels_amazon.models.scope import StoreScoped
from channels_amazon.models.store import Store


class OrderPersonalData(StoreScoped):
    """Buyer and recipient of an order, encrypted, apart from the order's facts.

    `store` is that of the order's account, kept here too: the purge and the search ask
    by store for the few orders with personal data, not for all orders there ever were.
    `due_at` is when it must go, None while nobody has reckoned it since the order or
    its packages changed: services/privacy/standing.py keeps it, and alone reads it.
    """

    STORE_PATH: ClassVar[str] = "store"

    store = models.ForeignKey(Store, models.CASCADE, related_name="+", db_index=False)
    order = models.OneToOneField(Order, models.CASCADE, related_name="personal_data")
    buyer = SecretTextField(blank=True, default="")
    recipient = SecretTextField(blank=True, default="")
    received_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (
            models.Index(fields=["store", "due_at"], name="personal_data_due"),
            models.Index(fields=["store", "received_at"], name="personal_data_oldest"),
        )

    def __str__(self) -> str:
        return f"personal data of order {self.order_id}"


class PersonalDataWord(StoreScoped):
    """A keyed hash of one word of a buyer's or recipient's name; goes with its data."""

    STORE_PATH: ClassVar[str] = "personal_data__store"

    personal_data = models.ForeignKey(
        OrderPersonalData, models.CASCADE, related_name="words", db_index=False
    )
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["personal_data", "digest"], name="personal_word_once"
            ),
        )
        indexes = (models.Index(fields=["digest"], name="personal_word"),)

    def __str__(self) -> str:
        return f"word of {self.personal_data_id}"


class PurgeProof(StoreScoped):
    """One run of the purge in one store: what went, and what was still there."""

    store = models.ForeignKey(Store, models.CASCADE, related_name="purge_proofs")
    at = models.DateTimeField(_("at"))
    orders = models.PositiveIntegerField(_("orders whose data was deleted"))
    kept = models.PositiveIntegerField(_("orders whose data is kept"))
    overdue = models.PositiveIntegerField(_("overdue after the run"), default=0)
    # The data that must go next, and when; None where none is kept.
    next_due_at = models.DateTimeField(null=True, blank=True)
    days_after_delivery = models.PositiveSmallIntegerField()
    days_after_shipping = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ("-pk",)
        verbose_name = _("purge proof")
        verbose_name_plural = _("purge proofs")
        indexes = (models.Index(fields=["store", "-id"], name="purge_proof_store"),)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.orders}"
