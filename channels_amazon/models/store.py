"""Store, its members and its warehouses; models layer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar
from zoneinfo import available_timezones

from babel.core import Locale
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from channels_amazon.models.scope import StoreQuerySet, StoreScoped
from channels_amazon.models.sentence import label
from channels_amazon.wording import Sentence


def validate_time_zone(name: str) -> None:
    """Refuse a name that the machine's list of time zones does not hold."""
    if name not in available_timezones():
        raise ValidationError(
            _("%(name)s is no time zone: write it as Asia/Shanghai or Europe/Berlin."),
            code="unknown",
            params={"name": name},
        )


def validate_currency(code: str) -> None:
    """Refuse what is no currency's code."""
    if code not in Locale("en").currencies:
        raise ValidationError(
            _("%(code)s is no currency: write its three letters, as EUR or CNY."),
            code="unknown",
            params={"code": code},
        )


def validate_language(code: str) -> None:
    """Refuse a language that Shoplink does not speak."""
    known = [known for known, _name in settings.LANGUAGES]
    if code not in known:
        raise ValidationError(
            _("%(code)s is no language of Shoplink: choose one of %(known)s."),
            code="unknown",
            params={"code": code, "known": ", ".join(known)},
        )


class Store(StoreScoped):
    """One independent store: the owner of everything else."""

    STORE_PATH: ClassVar[str] = ""

    class Plan(models.TextChoices):
        """What the merchant bought; `basic` does not include Amazon."""

        BASIC = "basic", _("Basic")
        ENTERPRISE = "enterprise", _("Enterprise")
        FLAGSHIP = "flagship", _("Flagship")

    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(_("short name"), unique=True)
    plan = models.CharField(
        _("plan"), max_length=12, choices=Plan.choices, default=Plan.ENTERPRISE
    )
    language = models.CharField(
        _("default language"),
        max_length=10,
        default="en",
        validators=[validate_language],
    )
    currency = models.CharField(
        _("currency"), max_length=3, default="USD", validators=[validate_currency]
    )
    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        blank=True,
        default="",
        validators=[validate_time_zone],
        help_text=_("As Asia/Shanghai or Europe/Berlin; empty: UTC."),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        ordering = ("name",)
        verbose_name = _("store")
        verbose_name_plural = _("stores")

    def __str__(self) -> str:
        return self.name

    @property
    def plan_name(self) -> Sentence:
        """Return what the plan is called, to be said in the reader's language."""
        names = dict(self.Plan.choices)
        return label(names.get(self.plan, self.plan))

    @property
    def includes_amazon(self) -> bool:
        """Tell whether the plan includes the Amazon channel."""
        return self.plan != self.Plan.BASIC


class MemberQuerySet(StoreQuerySet["StoreMember"]):
    """Memberships, each change of which is told one by one.

    Django tells nobody of what a statement for many rows changes, and every change of
    a membership is to be written down.
    """

    def update(self, **values: Any) -> int:
        """Change these columns of each membership; return of how many."""
        rows = list(self)
        with transaction.atomic(using=self.db):
            for row in rows:
                for name, value in values.items():
                    setattr(row, name, value)
                row.save(update_fields=values)
        return len(rows)

    def bulk_create(
        self, objs: Iterable[StoreMember], *args: Any, **options: Any
    ) -> list[StoreMember]:
        """Create the memberships one by one."""
        if args or options:
            raise TypeError("memberships are created one by one, without options")
        rows = list(objs)
        for row in rows:
            row.save(force_insert=True)
        return rows

    def bulk_update(
        self,
        objs: Iterable[StoreMember],
        fields: Iterable[str],
        batch_size: int | None = None,
    ) -> int:
        """Save these columns of the memberships one by one."""
        names, rows = list(fields), list(objs)
        for row in rows:
            row.save(update_fields=names)
        return len(rows)


class StoreMember(StoreScoped):
    """A user's part in a store."""

    objects: ClassVar[Any] = MemberQuerySet.as_manager()

    class Role(models.TextChoices):
        """What a member may do: viewers look, operators work, owners connect."""

        OWNER = "owner", _("Owner")
        OPERATOR = "operator", _("Operator")
        VIEWER = "viewer", _("Viewer")

    store = models.ForeignKey(
        Store, models.CASCADE, verbose_name=_("store"), related_name="members"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        verbose_name=_("user"),
        related_name="store_memberships",
    )
    role = models.CharField(
        _("role"), max_length=10, choices=Role.choices, default=Role.OPERATOR
    )
    sees_personal_data = models.BooleanField(
        _("may see personal data"),
        default=False,
        help_text=_("Buyer and recipient are shown unmasked to this member."),
    )

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = (
            models.UniqueConstraint(fields=["store", "user"], name="member_once"),
        )

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"


class Warehouse(StoreScoped):
    """A place of the store that holds stock and ships."""

    store = models.ForeignKey(
        Store, models.CASCADE, verbose_name=_("store"), related_name="warehouses"
    )
    name = models.CharField(_("name"), max_length=80)
    code = models.SlugField(_("code"))
    country_code = models.CharField(_("country"), max_length=2, blank=True)
    is_default = models.BooleanField(_("default"), default=False)

    class Meta:
        ordering = ("-is_default", "code")
        verbose_name = _("warehouse")
        verbose_name_plural = _("warehouses")
        constraints = (
            models.UniqueConstraint(fields=["store", "code"], name="warehouse_code"),
            models.UniqueConstraint(
                fields=["store"],
                condition=models.Q(is_default=True),
                name="warehouse_one_default",
            ),
        )

    def __str__(self) -> str:
        return self.name
