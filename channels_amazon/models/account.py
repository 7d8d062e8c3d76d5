"""Amazon accounts, their credentials, marketplaces and permissions; models layer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from channels_amazon.models.application import DeveloperApplication
from channels_amazon.models.encrypted import SecretTextField
from channels_amazon.models.scope import StoreQuerySet, StoreScoped
from channels_amazon.models.store import Store


class AccountQuerySet(StoreQuerySet["AmazonAccount"]):
    """The words in which pages and services speak of accounts."""

    def not_disconnected(self) -> Self:
        """Return the accounts that work, or will once the seller authorises us anew."""
        return self.exclude(state=AmazonAccount.State.DISCONNECTED)

    def live(self) -> Self:
        """Return the accounts whose numbers go to Amazon: a person said so."""
        return self.filter(live_at__isnull=False)

    def not_live(self) -> Self:
        """Return the accounts whose numbers wait for a person to go live."""
        return self.filter(live_at__isnull=True)


class AmazonAccount(StoreScoped):
    """One seller in one region that authorised us: token, quota, MFN quantity."""

    objects: ClassVar[Any] = AccountQuerySet.as_manager()

    class Region(models.TextChoices):
        """Amazon's three regions."""

        NA = "na", _("North America")
        EU = "eu", _("Europe")
        FE = "fe", _("Far East")

    class State(models.TextChoices):
        """Whether the account can be worked with."""

        CONNECTED = "connected", _("Connected")
        NEEDS_AUTHORIZATION = "needs_authorization", _("Authorisation needed")
        DISCONNECTED = "disconnected", _("Disconnected")

    # Amazon ends an authorisation a year after it was given.
    AUTHORIZATION_LASTS: ClassVar[timedelta] = timedelta(days=365)
    # People are asked to renew it so long before its end.
    RENEW_WITHIN: ClassVar[timedelta] = timedelta(days=30)

    store = models.ForeignKey(Store, models.CASCADE, related_name="amazon_accounts")
    application = models.ForeignKey(DeveloperApplication, models.PROTECT)
    region = models.CharField(_("region"), max_length=2, choices=Region.choices)
    seller_id = models.CharField(_("seller id"), max_length=40)
    name = models.CharField(_("name"), max_length=120)
    state = models.CharField(
        _("state"), max_length=20, choices=State.choices, default=State.CONNECTED
    )
    state_code = models.CharField(max_length=60, blank=True)
    authorized_at = models.DateTimeField(_("authorised"))
    disconnected_at = models.DateTimeField(null=True, blank=True)
    selling_plan = models.CharField(max_length=20, blank=True)
    subscription_id = models.CharField(max_length=80, blank=True)
    destination_id = models.CharField(max_length=80, blank=True)
    subscribed_at = models.DateTimeField(null=True, blank=True)
    # Every subscription that we made and did not delete: its id by type of event.
    subscriptions = models.JSONField(default=dict, blank=True)
    # When to delete them at Amazon, next time; null while there is nothing to delete.
    unsubscribe_at = models.DateTimeField(null=True, blank=True)
    # Up to when its orders must be read before its quantities rise: its order sweep
    # was stopped then; null where that is done.
    behind_at = models.DateTimeField(null=True, blank=True)
    # Since when quantities and prices of ours go to Amazon; null while they must not:
    # nobody has seen yet what would be sent, or somebody paused it.
    live_at = models.DateTimeField(null=True, blank=True)
    live_by = models.CharField(max_length=150, blank=True)
    # Seconds from a sale at Amazon until the lower number is there, as measured of
    # late; 0 while nothing was measured.
    propagation = models.FloatField(default=0.0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("store", "region")
        verbose_name = _("Amazon account")
        verbose_name_plural = _("Amazon accounts")
        constraints = (
            models.UniqueConstraint(
                fields=["seller_id", "region"],
                condition=~models.Q(state="disconnected"),
                name="account_one_connected_per_seller_region",
            ),
        )
        indexes = (
            models.Index(
                fields=["unsubscribe_at"],
                condition=models.Q(unsubscribe_at__isnull=False),
                name="account_unsubscribe",
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.region.upper()})"

    @property
    def is_connected(self) -> bool:
        """Tell whether jobs may run for this account."""
        return self.state == self.State.CONNECTED

    @property
    def is_disconnected(self) -> bool:
        """Tell whether somebody ended the connection: nothing runs any more."""
        return self.state == self.State.DISCONNECTED

    @property
    def is_live(self) -> bool:
        """Tell whether numbers of ours go to Amazon (`AccountQuerySet.live`)."""
        return self.live_at is not None

    @property
    def authorization_ends_at(self) -> datetime:
        """Return when Amazon ends the authorisation (UTC)."""
        given: datetime = self.authorized_at
        return given + self.AUTHORIZATION_LASTS

    def is_to_renew(self, now: datetime) -> bool:
        """Tell whether people are to be asked for a new authorisation."""
        return self.authorization_ends_at - now <= self.RENEW_WITHIN

    @property
    def quota_subject(self) -> str:
        """Return the key of this account's tokens and quota buckets."""
        return f"account:{self.pk}"


class Credential(StoreScoped):
    """An account's refresh token, apart so that a lost key breaks no other page."""

    STORE_PATH: ClassVar[str] = "account__store"

    account = models.OneToOneField(
        AmazonAccount, models.CASCADE, related_name="credential"
    )
    refresh_token = SecretTextField()
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"credential of account {self.account_id}"


class AccessToken(models.Model):
    """A cached LWA access token; the lease lets one process refresh at a time.

    `subject` is `account:<pk>` or `application:<pk>:<scope>`.
    """

    subject = models.CharField(max_length=160, unique=True)
    token = SecretTextField(blank=True, default="")
    expires_at = models.DateTimeField(null=True, blank=True)
    lease_holder = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.subject


class MarketplaceParticipation(StoreScoped):
    """One country site of an account, as getMarketplaceParticipations reports it."""

    STORE_PATH: ClassVar[str] = "account__store"

    account = models.ForeignKey(
        AmazonAccount, models.CASCADE, related_name="participations"
    )
    marketplace_id = models.CharField(_("marketplace"), max_length=20)
    name = models.CharField(_("name"), max_length=80)
    country_code = models.CharField(_("country"), max_length=2)
    currency = models.CharField(_("currency"), max_length=3)
    language = models.CharField(_("language"), max_length=10)
    domain = models.CharField(_("domain"), max_length=80)
    store_name = models.CharField(_("storefront name"), max_length=120, blank=True)
    is_participating = models.BooleanField(_("participating"))
    has_suspended_listings = models.BooleanField(_("suspended listings"))
    is_selected = models.BooleanField(_("selected"), default=True)
    seen_at = models.DateTimeField(_("seen"))

    class Meta:
        ordering = ("account", "country_code")
        verbose_name = _("marketplace")
        verbose_name_plural = _("marketplaces")
        constraints = (
            models.UniqueConstraint(
                fields=["account", "marketplace_id"], name="participation_once"
            ),
        )

    def __str__(self) -> str:
        return self.country_code

    @property
    def is_active(self) -> bool:
        """Tell whether this site is synchronised."""
        return self.is_participating and self.is_selected


class Permission(StoreScoped):
    """What a probe said of one of the four capabilities in one marketplace."""

    STORE_PATH: ClassVar[str] = "participation__account__store"

    class Name(models.TextChoices):
        """The four capabilities, by the names merchants know."""

        ORDERS = "orders", _("Orders")
        CATALOG_ITEMS = "catalog-items", _("Catalogue items")
        FULFILLMENT_INVENTORY = "fulfillment-inventory", _("FBA inventory")
        SHIPPING = "shipping", _("Shipping")

    class State(models.TextChoices):
        """Inferred from a probe: Amazon has no call that lists roles."""

        GRANTED = "granted", _("Granted")
        MISSING = "missing", _("Missing")
        UNKNOWN = "unknown", _("Not known")

    participation = models.ForeignKey(
        MarketplaceParticipation, models.CASCADE, related_name="permissions"
    )
    name = models.CharField(_("permission"), max_length=24, choices=Name.choices)
    state = models.CharField(_("state"), max_length=8, choices=State.choices)
    operation = models.CharField(_("probe"), max_length=60)
    status = models.PositiveSmallIntegerField(_("answer"), null=True, blank=True)
    amazon_code = models.CharField(max_length=80, blank=True)
    request_id = models.CharField(max_length=80, blank=True)
    checked_at = models.DateTimeField(_("checked"))

    class Meta:
        ordering = ("participation", "name")
        verbose_name = _("permission")
        verbose_name_plural = _("permissions")
        constraints = (
            models.UniqueConstraint(
                fields=["participation", "name"], name="permission_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.name}: {self.state}"

    @property
    def is_granted(self) -> bool:
        """Tell whether a probe of it was answered."""
        return self.state == self.State.GRANTED


class AuthorizationAttempt(StoreScoped):
    """A started authorisation: the server's half of the single-use OAuth state.

    `marketplace_ids` is the list of the sites that the merchant chose.
    """

    store = models.ForeignKey(Store, models.CASCADE)
    user_id = models.BigIntegerField()
    session_hash = models.CharField(max_length=64)
    state_hash = models.CharField(max_length=64, unique=True)
    region = models.CharField(max_length=2, choices=AmazonAccount.Region.choices)
    marketplace_ids = models.JSONField(default=list)
    account = models.ForeignKey(
        AmazonAccount, models.CASCADE, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"authorisation {self.pk} for {self.store_id}"
