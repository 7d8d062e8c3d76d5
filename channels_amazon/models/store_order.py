"""Orders of the independent store, and its MCF orders at Amazon; models layer."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from channels_amazon.models.account import AmazonAccount
from channels_amazon.models.catalog import Variant
from channels_amazon.models.encrypted import SecretTextField
from channels_amazon.models.listing import Listing
from channels_amazon.models.scope import StoreQuerySet, StoreScoped
from channels_amazon.models.sentence import SentenceField
from channels_amazon.models.store import Store
from channels_amazon.rules.mcf import terms
from channels_amazon.rules.mcf.reasons import DecisionReasons


class StoreOrderQuerySet(StoreQuerySet["StoreOrder"]):
    """The store's own orders, as pages count them."""

    def open_counts(self) -> dict[str, int]:
        """Return how many are in each open state, each counted up to COUNT_CAP."""
        return {
            str(state): self.filter(state=state).capped_count()
            for state in StoreOrder.OPEN
        }


class StoreOrder(StoreScoped):
    """An order placed in the store itself, which may be shipped from FBA stock."""

    class State(models.TextChoices):
        """Who ships it, and how far that is."""

        NEW = "new", pgettext_lazy("store order", "New")
        LOCAL = "local", _("For the store to ship")
        AT_AMAZON = "at_amazon", pgettext_lazy("store order", "At Amazon")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Cancelled")
        NEEDS_PERSON = "needs_person", _("Needs a person")

    class Speed(models.TextChoices):
        """What the buyer was promised."""

        STANDARD = terms.Speed.STANDARD.value, _("Standard")
        EXPEDITED = terms.Speed.EXPEDITED.value, _("Expedited")
        PRIORITY = terms.Speed.PRIORITY.value, _("Priority")

    objects: ClassVar[Any] = StoreOrderQuerySet.as_manager()

    # Something is still to be done about these.
    OPEN: ClassVar[tuple[str, ...]] = (
        State.NEEDS_PERSON,
        State.NEW,
        State.AT_AMAZON,
        State.LOCAL,
    )

    store = models.ForeignKey(
        Store, models.CASCADE, verbose_name=_("store"), related_name="store_orders"
    )
    # The order's own id: it is the idempotency key at Amazon, too.
    number = models.CharField(_("order number"), max_length=40)
    placed_at = models.DateTimeField(_("placed"))
    country_code = models.CharField(_("country"), max_length=2)
    speed = models.CharField(
        _("speed"), max_length=10, choices=Speed.choices, default=Speed.STANDARD
    )
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    total = models.DecimalField(
        _("total"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    state = models.CharField(
        _("state"), max_length=12, choices=State.choices, default=State.NEW
    )
    # Why it is shipped as it is: DecisionReasons.to_json(), read by `why`.
    decided_why = models.JSONField(default=dict, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decide_after = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    delivered_at = models.DateTimeField(null=True, blank=True)
    created_by = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-placed_at", "-pk")
        verbose_name = _("store order")
        verbose_name_plural = _("store orders")
        constraints = (
            models.UniqueConstraint(
                fields=["store", "number"], name="store_order_once"
            ),
        )
        indexes = (
            models.Index(fields=["store", "-placed_at"], name="store_order_recent"),
            models.Index(fields=["-placed_at", "-id"], name="store_order_newest"),
            models.Index(
                fields=["state", "-placed_at", "-id"], name="store_order_state"
            ),
            models.Index(
                fields=["store", "decide_after"],
                condition=models.Q(state="new"),
                name="store_order_new",
            ),
        )

    def __str__(self) -> str:
        return self.number

    @property
    def is_undecided(self) -> bool:
        """Tell whether it is still to be decided who ships it."""
        return self.state == self.State.NEW

    @property
    def why(self) -> DecisionReasons:
        """Return why it is shipped as it is, and what Amazon's previews said."""
        return DecisionReasons.from_json(self.decided_why)


class StoreOrderPersonalData(StoreScoped):
    """Where a store order goes, encrypted, apart from its facts."""

    STORE_PATH: ClassVar[str] = "order__store"

    order = models.OneToOneField(
        StoreOrder, models.CASCADE, related_name="personal_data"
    )
    destination = SecretTextField(blank=True, default="")
    received_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"personal data of store order {self.order_id}"


class StoreOrderLine(StoreScoped):
    """One line of a store order; `variant` is empty for an unknown SKU."""

    STORE_PATH: ClassVar[str] = "order__store"

    order = models.ForeignKey(
        StoreOrder, models.CASCADE, related_name="lines", db_index=False
    )
    number = models.CharField(_("line"), max_length=50)
    sku = models.CharField(_("SKU"), max_length=80)
    variant = models.ForeignKey(
        Variant, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    quantity = models.PositiveIntegerField(
        _("quantity"), validators=[MinValueValidator(1)]
    )

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                fields=["order", "number"], name="store_order_line_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.sku} × {self.quantity}"


class McfRuleQuerySet(StoreQuerySet["McfRule"]):
    """The words in which pages and services speak of MCF rules."""

    def active(self, store_id: int) -> Self:
        """Return the store's rules that are switched on, of connected accounts."""
        return self.filter(
            store=store_id,
            is_active=True,
            account__state=AmazonAccount.State.CONNECTED,
        )


class McfRule(StoreScoped):
    """When a store order is offered to Amazon to ship (MCF); the narrowest scope wins.

    Money limits are in the store's currency; None stands for no limit.
    """

    class Prefer(models.TextChoices):
        """Whose stock is used first."""

        FBA_FIRST = "fba_first", _("FBA first")
        LOCAL_FIRST = "local_first", _("FBA only where local stock is short")

    objects: ClassVar[Any] = McfRuleQuerySet.as_manager()

    store = models.ForeignKey(
        Store, models.CASCADE, verbose_name=_("store"), related_name="mcf_rules"
    )
    account = models.ForeignKey(
        AmazonAccount, models.CASCADE, verbose_name=_("account"), related_name="+"
    )
    name = models.CharField(_("name"), max_length=120)
    is_active = models.BooleanField(_("switched on"), default=False)
    prefer = models.CharField(
        _("stock"), max_length=12, choices=Prefer.choices, default=Prefer.LOCAL_FIRST
    )
    # ISO codes, empty for every country the account's marketplaces ship to.
    countries = models.JSONField(_("countries"), default=list, blank=True)
    kept_units = models.PositiveIntegerField(
        _("units to keep for Amazon's buyers"), default=0
    )
    most_fee = models.DecimalField(
        _("highest fee"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    # Ships slower than the buyer was promised only where this is set.
    allows_slower = models.BooleanField(_("a slower speed will do"), default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("store", "name", "pk")
        verbose_name = _("MCF rule")
        verbose_name_plural = _("MCF rules")

    def __str__(self) -> str:
        return self.name


class FulfillmentOrder(StoreScoped):
    """An MCF order: a store order that Amazon ships from FBA stock, and its delivery.

    `next_attempt_at` is when placing it is tried again, `next_poll_at` when it is read
    back; both UTC, None for at once. `fee` is Amazon's estimate, in `fee_currency`.
    """

    STORE_PATH: ClassVar[str] = "order__store"

    class State(models.TextChoices):
        """Where it stands; Amazon's statuses of both API versions in one spelling."""

        WAITING = "waiting", _("Waiting to be placed")
        RECEIVED = "received", _("Received")
        PLANNING = "planning", _("Planning")
        PROCESSING = "processing", _("Processing")
        COMPLETE = "complete", _("Completed")
        COMPLETE_PARTIAL = "complete_partial", _("Partly complete")
        CANCELLING = "cancelling", _("Being cancelled")
        CANCELLED = "cancelled", _("Cancelled")
        UNFULFILLABLE = "unfulfillable", _("Unfulfillable")
        INVALID = "invalid", _("Invalid")
        REFUSED = "refused", _("Refused by Amazon")

    # These still hold units of Amazon's stock.
    OPEN: ClassVar[tuple[str, ...]] = (
        State.WAITING,
        State.RECEIVED,
        State.PLANNING,
        State.PROCESSING,
        State.CANCELLING,
    )

    order = models.OneToOneField(StoreOrder, models.CASCADE, related_name="fulfillment")
    account = models.ForeignKey(
        AmazonAccount, models.CASCADE, related_name="fulfillment_orders"
    )
    api_version = models.CharField(max_length=10)
    # The id under which Amazon lists it among its own orders, "" while it does not.
    amazon_order_id = models.CharField(max_length=40, blank=True, default="")
    marketplace_id = models.CharField(_("marketplace"), max_length=20)
    pool = models.CharField(_("pool"), max_length=4)
    speed = models.CharField(_("speed"), max_length=10)
    fee = models.DecimalField(
        _("estimated fee"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    fee_currency = models.CharField(max_length=3, blank=True)
    state = models.CharField(
        _("state"), max_length=16, choices=State.choices, default=State.WAITING
    )
    amazon_status = models.CharField(max_length=40, blank=True)
    amazon_updated_at = models.DateTimeField(null=True, blank=True)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    next_poll_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    placed_at = models.DateTimeField(null=True, blank=True)
    cancel_asked_at = models.DateTimeField(null=True, blank=True)
    cancel_asked_by = models.CharField(max_length=150, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=80, blank=True)
    error_message = SentenceField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-pk",)
        verbose_name = _("MCF order")
        verbose_name_plural = _("MCF orders")
        indexes = (
            models.Index(
                fields=["account", "next_poll_at"],
                condition=models.Q(ended_at__isnull=True),
                name="fulfillment_open",
            ),
            models.Index(fields=["amazon_order_id"], name="fulfillment_amazon_id"),
        )

    def __str__(self) -> str:
        return f"{self.order} ({self.state})"


class FulfillmentLine(StoreScoped):
    """Units of a listing that a placed order takes out of its FBA pool."""

    STORE_PATH: ClassVar[str] = "fulfillment__order__store"

    fulfillment = models.ForeignKey(
        FulfillmentOrder, models.CASCADE, related_name="lines"
    )
    line = models.ForeignKey(StoreOrderLine, models.CASCADE, related_name="+")
    listing = models.ForeignKey(Listing, models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField(_("quantity"))
    # Units still counted in FbaStock.promised on behalf of this line.
    promised = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["fulfillment", "line"], name="fulfillment_line_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.listing} × {self.quantity}"


class FulfillmentPackage(StoreScoped):
    """A package that Amazon sent for a store order."""

    STORE_PATH: ClassVar[str] = "fulfillment__order__store"

    fulfillment = models.ForeignKey(
        FulfillmentOrder, models.CASCADE, related_name="packages"
    )
    package_id = models.CharField(_("package"), max_length=80)
    carrier = models.CharField(_("carrier"), max_length=80, blank=True)
    tracking_number = models.CharField(_("tracking number"), max_length=80, blank=True)
    status = models.CharField(_("status"), max_length=40, blank=True)
    arrives_at = models.DateTimeField(_("arrives"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                fields=["fulfillment", "package_id"], name="fulfillment_package_once"
            ),
        )

    def __str__(self) -> str:
        return self.package_id
