"""Ship templates: how parcels of the store become shipments; models layer."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from channels_amazon.models.account import AmazonAccount
from channels_amazon.models.scope import StoreScoped
from channels_amazon.models.store import Store, Warehouse


class ShipTemplate(StoreScoped):
    """A rule that ships without a person; the narrowest scope wins.

    Scope: the store, one of its accounts, one marketplace of it. A template works only
    after its effect on past orders was looked at and it was switched on.
    """

    class ConfirmWhen(models.TextChoices):
        """When a parcel that has its tracking number is confirmed to Amazon."""

        ON_TRACKING = "on_tracking", _("As soon as the tracking number is there")
        BEFORE_DEADLINE = "before_deadline", _("Some hours before the latest ship time")

    store = models.ForeignKey(
        Store, models.CASCADE, verbose_name=_("store"), related_name="ship_templates"
    )
    account = models.ForeignKey(
        AmazonAccount, models.CASCADE, null=True, blank=True, related_name="+"
    )
    marketplace_id = models.CharField(_("marketplace"), max_length=20, blank=True)
    name = models.CharField(_("name"), max_length=120)
    is_active = models.BooleanField(_("switched on"), default=False)
    warehouse = models.ForeignKey(
        Warehouse,
        models.SET_NULL,
        null=True,
        blank=True,
        verbose_name=_("ship from"),
        related_name="+",
    )
    confirm_when = models.CharField(
        _("confirm"),
        max_length=16,
        choices=ConfirmWhen.choices,
        default=ConfirmWhen.ON_TRACKING,
    )
    hours_before_deadline = models.PositiveSmallIntegerField(
        _("hours before the latest ship time"),
        default=4,
        validators=[MaxValueValidator(240)],
    )
    # True: each parcel is a shipment of its own. False: an order is one shipment.
    splits_by_parcel = models.BooleanField(_("split by parcel"), default=True)
    previewed_at = models.DateTimeField(null=True, blank=True)
    activated_at = models.DateTimeField(null=True, blank=True)
    activated_by = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("store", "name", "pk")
        verbose_name = _("ship template")
        verbose_name_plural = _("ship templates")
        constraints = (
            models.UniqueConstraint(
                fields=["store", "account", "marketplace_id"],
                condition=models.Q(is_active=True, account__isnull=False),
                name="ship_template_one_per_account",
            ),
            # To a UNIQUE constraint no two NULLs are equal, so templates for all
            # accounts need one of their own.
            models.UniqueConstraint(
                fields=["store", "marketplace_id"],
                condition=models.Q(is_active=True, account__isnull=True),
                name="ship_template_one_per_store",
            ),
        )

    def __str__(self) -> str:
        return self.name


class CarrierRule(StoreScoped):
    """What a carrier and method of the store are called at Amazon.

    Amazon's code is one of its list, or `Other` with a name. An empty `store_method`
    stands for every method of the carrier.
    """

    STORE_PATH: ClassVar[str] = "template__store"

    template = models.ForeignKey(ShipTemplate, models.CASCADE, related_name="carriers")
    store_carrier = models.CharField(_("the store's carrier"), max_length=80)
    store_method = models.CharField(_("the store's method"), max_length=80, blank=True)
    carrier_code = models.CharField(_("Amazon's carrier"), max_length=60)
    carrier_name = models.CharField(_("carrier name"), max_length=60, blank=True)
    shipping_method = models.CharField(_("method"), max_length=60, blank=True)

    class Meta:
        ordering = ("store_carrier", "store_method")
        verbose_name = _("carrier rule")
        verbose_name_plural = _("carrier rules")
        constraints = (
            models.UniqueConstraint(
                fields=["template", "store_carrier", "store_method"],
                name="carrier_rule_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.store_carrier} → {self.carrier_code}"
