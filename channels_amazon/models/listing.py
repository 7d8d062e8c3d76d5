"""Listings (seller SKUs of an account) and their offers; models layer."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from channels_amazon.models.account import AmazonAccount
from channels_amazon.models.catalog import Variant
from channels_amazon.models.scope import StoreQuerySet, StoreScoped
from channels_amazon.models.sentence import SentenceField

# What `Listing.push_code` says of a quantity that would rise at Amazon before its
# account was read (rules/installation/behind.py).
PUSH_HELD = "installation.behind"


class DriftState(models.TextChoices):
    """What was done where Amazon shows another quantity than it accepted."""

    NONE = "", _("none")
    # Our number was sent once more, by itself.
    PUSHED = "pushed", _("sent once more")
    # Amazon still shows another one: a person decides.
    STANDS = "stands", _("stands")


class PushState(StrEnum):
    """What became of a listing's quantity at Amazon."""

    # Amazon keeps the stock itself (FBA): we send no quantity.
    NOT_OURS = "not_ours"
    # Amazon did not take it; it is sent again by itself.
    REFUSED = "refused"
    # It would raise Amazon's while the account is behind.
    HELD = "held"
    WAITING = "waiting"
    NEVER_SENT = "never_sent"
    # Amazon took it, and reported another number since.
    DIFFERS = "differs"
    ACCEPTED = "accepted"


class ListingQuerySet(StoreQuerySet["Listing"]):
    """The words in which pages and jobs speak of listings."""

    def not_disconnected(self) -> Self:
        """Return the listings of accounts that work, or will once authorised anew."""
        return self.exclude(account__state=AmazonAccount.State.DISCONNECTED)

    def of_live_accounts(self) -> Self:
        """Return the listings of accounts whose numbers go to Amazon."""
        return self.filter(account__in=AmazonAccount.objects.live())

    def linked(self) -> Self:
        """Return the merchant's own listings of which we know the variant."""
        return self.filter(is_mfn=True, variant__isnull=False)

    def to_push(self) -> Self:
        """Return the linked merchant's listings whose quantity is to be sent."""
        return self.linked().filter(push_due=True, desired_quantity__isnull=False)

    def with_shown(self) -> Self:
        """Add `shown`: what Amazon shows as far as we know, None where we do not.

        That is what it reported last, or accepted since.
        """
        accepted_since = models.When(
            acknowledged_at__gt=models.F("observed_at"),
            then=models.F("acknowledged_quantity"),
        )
        known = Coalesce("observed_quantity", "acknowledged_quantity")
        return self.annotate(shown=models.Case(accepted_since, default=known))

    def waiting_for_push(self) -> Self:
        """Return the listings whose `push_state` is WAITING."""
        return self.filter(is_mfn=True, push_due=True, push_code="")

    def push_held(self) -> Self:
        """Return the listings whose `push_state` is HELD."""
        return self.filter(is_mfn=True, push_due=True, push_code=PUSH_HELD)

    def push_open(self) -> Self:
        """Return the listings whose `push_state` is WAITING or HELD."""
        return self.filter(is_mfn=True, push_due=True, push_code__in=("", PUSH_HELD))

    def drifting(self) -> Self:
        """Return the listings of which Amazon goes on showing another quantity.

        Those of live accounts: of the others nobody keeps Amazon's numbers.
        """
        return self.of_live_accounts().filter(
            drift_state=DriftState.STANDS,
            push_due=False,
            desired_quantity__isnull=False,
        )

    def published(self) -> Self:
        """Return the listings whose quantity Amazon once accepted from us."""
        return self.filter(is_mfn=True, acknowledged_at__isnull=False)

    def shown_otherwise(self) -> Self:
        """Return the listings whose `push_state` is DIFFERS."""
        return self.filter(
            is_mfn=True,
            push_due=False,
            acknowledged_quantity__isnull=False,
            observed_quantity__isnull=False,
            observed_at__gt=models.F("acknowledged_at"),
        ).exclude(observed_quantity=models.F("acknowledged_quantity"))

    def push_refused(self) -> Self:
        """Return the listings whose `push_state` is REFUSED."""
        return self.filter(is_mfn=True, push_due=True).exclude(
            push_code__in=("", PUSH_HELD)
        )


class Listing(StoreScoped):
    """An account's seller SKU, linked or not yet linked to a variant.

    MFN quantity lives here, since Amazon keeps one quantity per account and SKU.
    `desired_quantity` is what should be there, `acknowledged_quantity` what Amazon
    last accepted from us, `observed_quantity` what Amazon last reported.
    `desired_why` is a `rules.stock.quantity_inputs.QuantityInputs`, {} for no quantity.
    `may_show_quantity` is the highest number that Amazon may have of us: an answer to a
    higher one may have been lost. `holds_rises`: a listing of the same variant is kept
    below its part until this one's number has gone down (`rules/stock/rises.py`).
    `velocity` is what it sells, in units a second. `read_back_at` is when it is read to
    see whether Amazon shows what it accepted, null while there is no need; where it
    does not, `drift_state` says what was done, and `drift_since` when that was seen.
    `merchant_element` is the merchant's part of the attribute fulfillment_availability
    as it was read at `read_at`, without the quantity; null where it is not known.
    """

    STORE_PATH: ClassVar[str] = "account__store"

    objects: ClassVar[Any] = ListingQuerySet.as_manager()

    account = models.ForeignKey(AmazonAccount, models.CASCADE, related_name="listings")
    seller_sku = models.CharField(_("seller SKU"), max_length=80)
    variant = models.ForeignKey(
        Variant, models.SET_NULL, null=True, blank=True, related_name="listings"
    )
    title = models.CharField(_("title"), max_length=500, blank=True)
    asin = models.CharField("ASIN", max_length=12, blank=True, db_index=True)
    fnsku = models.CharField("FNSKU", max_length=12, blank=True)
    is_mfn = models.BooleanField("MFN", default=False)
    is_fba = models.BooleanField("FBA", default=False)
    handling_days = models.PositiveSmallIntegerField(
        _("handling time in days"), null=True, blank=True
    )
    desired_quantity = models.PositiveIntegerField(null=True, blank=True)
    desired_at = models.DateTimeField(null=True, blank=True)
    desired_why = models.JSONField(default=dict, blank=True)
    acknowledged_quantity = models.PositiveIntegerField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    may_show_quantity = models.PositiveIntegerField(null=True, blank=True)
    holds_rises = models.BooleanField(default=False)
    velocity = models.FloatField(default=0.0)
    observed_quantity = models.PositiveIntegerField(null=True, blank=True)
    observed_at = models.DateTimeField(null=True, blank=True)
    merchant_element = models.JSONField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    read_back_at = models.DateTimeField(null=True, blank=True)
    drift_state = models.CharField(
        max_length=8, choices=DriftState.choices, blank=True, default=DriftState.NONE
    )
    drift_since = models.DateTimeField(null=True, blank=True)
    push_due = models.BooleanField(default=False)
    # A person changed the number, and waits to see it.
    push_by_person = models.BooleanField(default=False)
    push_after = models.DateTimeField(null=True, blank=True)
    push_attempts = models.PositiveIntegerField(default=0)
    push_code = models.CharField(max_length=80, blank=True)
    push_error = SentenceField(blank=True)
    seen_at = models.DateTimeField(_("seen"))

    class Meta:
        ordering = ("account", "seller_sku")
        verbose_name = _("listing")
        verbose_name_plural = _("listings")
        constraints = (
            models.UniqueConstraint(
                fields=["account", "seller_sku"], name="listing_sku"
            ),
        )
        indexes = (
            models.Index(
                fields=["account", "push_after"],
                condition=models.Q(push_due=True),
                name="listing_push_due",
            ),
            models.Index(
                fields=["account", "read_back_at"],
                condition=models.Q(read_back_at__isnull=False),
                name="listing_read_back",
            ),
            models.Index(
                fields=["account"],
                condition=models.Q(drift_state="stands"),
                name="listing_drift",
            ),
        )

    def __str__(self) -> str:
        return self.seller_sku

    @property
    def push_state(self) -> PushState:
        """Return what became of the quantity; the queryset's words say the same."""
        if not self.is_mfn:
            return PushState.NOT_OURS
        if self.push_due:
            if self.push_code == PUSH_HELD:
                return PushState.HELD
            return PushState.REFUSED if self.push_code else PushState.WAITING
        if self.acknowledged_quantity is None:
            return PushState.NEVER_SENT
        return PushState.DIFFERS if self._differs else PushState.ACCEPTED

    @property
    def _differs(self) -> bool:
        is_newer = (
            self.observed_at is not None
            and self.acknowledged_at is not None
            and self.observed_at > self.acknowledged_at
        )
        observed = self.observed_quantity
        return is_newer and observed not in (None, self.acknowledged_quantity)


class Offer(StoreScoped):
    """A listing in one marketplace; `issues` holds `StoredIssue` (services/catalog)."""

    STORE_PATH: ClassVar[str] = "listing__account__store"

    listing = models.ForeignKey(Listing, models.CASCADE, related_name="offers")
    marketplace_id = models.CharField(_("marketplace"), max_length=20)
    asin = models.CharField("ASIN", max_length=12, blank=True)
    title = models.CharField(_("title"), max_length=500, blank=True)
    product_type = models.CharField(_("product type"), max_length=80, blank=True)
    is_buyable = models.BooleanField(_("buyable"), default=False)
    is_discoverable = models.BooleanField(_("discoverable"), default=False)
    issues = models.JSONField(default=list, blank=True)
    price = models.DecimalField(
        _("price"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    updated_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(_("seen"))

    class Meta:
        ordering = ("listing", "marketplace_id")
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        constraints = (
            models.UniqueConstraint(
                fields=["listing", "marketplace_id"], name="offer_once"
            ),
            models.CheckConstraint(
                condition=models.Q(price__isnull=True) | models.Q(price__gte=0),
                name="offer_price_not_negative",
            ),
        )

    def __str__(self) -> str:
        return f"{self.listing} @ {self.marketplace_id}"
