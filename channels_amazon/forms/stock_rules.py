"""The form of a stock rule; forms layer."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from channels_amazon.models import AmazonAccount, Category, Store, translated
from channels_amazon.rules.scope import BETWEEN_NAMES, Scope
from channels_amazon.rules.stock.allocation import LARGEST_QUANTITY
from channels_amazon.rules.stock.terms import (
    WHOLE,
    BadTerms,
    ShareMode,
    StockTerms,
    stock_terms,
)
from channels_amazon.services.sync_rules.stored import Rule


class Publishes(StrEnum):
    """What a rule publishes; the words of the form."""

    SHARE = "share"
    FIXED = "fixed"
    NOTHING = "nothing"


# The form's field for each term, where the two have other names.
_FIELDS = {"is_published": "publishes"}
# Terms that mean nothing where no share of the stock is published.
_OF_A_SHARE = ("mode", "share", "cap", "floor", "buffer")


class StockRuleForm(forms.Form):
    """For what a stock rule holds, and what it publishes."""

    store = forms.ModelChoiceField(label=_("Store"), queryset=Store.objects.none())
    account = forms.ModelChoiceField(
        label=_("Account"),
        queryset=AmazonAccount.objects.none(),
        required=False,
        empty_label=_("every account of the store"),
    )
    category = forms.ChoiceField(
        label=_("Category"),
        required=False,
        help_text=_("With all categories below it."),
    )
    seller_sku = forms.CharField(
        label=_("Seller SKU"),
        max_length=80,
        required=False,
        help_text=_("As Amazon has it. Empty: all of them."),
    )
    publishes = forms.ChoiceField(
        label=_("Publish"),
        choices=[
            (Publishes.SHARE, _("a share of what is available")),
            (Publishes.FIXED, _("always the same number")),
            (Publishes.NOTHING, _("no quantity: Amazon keeps the one it has")),
        ],
        help_text=_("A number that is always the same can sell what is not there."),
    )
    mode = forms.ChoiceField(
        label=_("Whose units"),
        choices=[
            (ShareMode.SPLIT, _("a part of its own")),
            (ShareMode.SHARED, _("shared with other accounts")),
        ],
        help_text=_(
            "No other account sees a part of its own; parts never add up to more than "
            "there is. What is shared can be sold twice in the seconds until Amazon "
            "has the new numbers; a buffer by what sells stands for it."
        ),
    )
    share = forms.IntegerField(
        label=_("Share in percent"), min_value=1, max_value=WHOLE, required=False
    )
    cap = forms.IntegerField(
        label=_("At most"),
        min_value=0,
        max_value=LARGEST_QUANTITY,
        required=False,
        help_text=_("Units. Empty: no limit. 0 ends the sale."),
    )
    floor = forms.IntegerField(
        label=_("Stops at"),
        min_value=0,
        max_value=LARGEST_QUANTITY,
        required=False,
        help_text=_("With so many units or fewer, 0 are published."),
    )
    buffer = forms.IntegerField(
        label=_("Holds back"),
        min_value=0,
        max_value=LARGEST_QUANTITY,
        required=False,
        help_text=_("Units that are never published."),
    )
    fixed = forms.IntegerField(
        label=_("Always"), min_value=0, max_value=LARGEST_QUANTITY, required=False
    )
    is_active = forms.BooleanField(label=_("Switched on"), required=False, initial=True)

    def __init__(
        self, stores: Sequence[Store], data: Any = None, *, rule: Rule | None = None
    ) -> None:
        super().__init__(data, label_suffix="", initial=_initial(rule))
        fields: dict[str, Any] = self.fields
        keys = [store.pk for store in stores]
        fields["store"].queryset = Store.objects.filter(pk__in=keys)
        if len(stores) == 1:
            fields["store"].initial = keys[0]
            fields["store"].widget = forms.HiddenInput()
        # A rule of an account that is disconnected stays that account's.
        own = rule.scope.account_id if rule is not None else None
        connected = Q(pk__in=AmazonAccount.objects.not_disconnected().values("pk"))
        fields["account"].queryset = AmazonAccount.objects.filter(
            connected | Q(pk=own), store__in=keys
        )
        fields["category"].choices = [
            ("", gettext("every category")),
            *((path, path) for path in _paths(keys, rule)),
        ]

    def clean(self) -> dict[str, Any]:
        """Refuse a scope of two stores, and terms that cannot be."""
        cleaned: dict[str, Any] = super().clean() or {}
        store, account = cleaned.get("store"), cleaned.get("account")
        if store is not None and account is not None and account.store_id != store.pk:
            self.add_error("account", gettext("The account is of another store."))
        if not self.errors:
            self._check_terms(cleaned)
        return cleaned

    def scope(self) -> Scope:
        """Return for what the rule of the valid form holds."""
        cleaned = self.cleaned_data
        account = cleaned["account"]
        return Scope(
            account_id=account.pk if account else None,
            category=cleaned["category"],
            seller_sku=cleaned["seller_sku"],
        )

    def terms(self) -> StockTerms:
        """Return what the rule of the valid form says."""
        return stock_terms(_terms(self.cleaned_data))

    def _check_terms(self, cleaned: dict[str, Any]) -> None:
        is_fixed = cleaned["publishes"] == Publishes.FIXED
        if is_fixed and cleaned["fixed"] is None:
            self.add_error("fixed", gettext("Enter the number."))
            return
        try:
            stock_terms(_terms(cleaned))
        except BadTerms as error:
            for term, problem in error.problems.items():
                self.add_error(_FIELDS.get(term, term), translated(problem))


def _terms(cleaned: dict[str, Any]) -> dict[str, object]:
    """Return the terms by name, without those that mean nothing here."""
    if cleaned["publishes"] == Publishes.NOTHING:
        return {"is_published": False}
    if cleaned["publishes"] == Publishes.FIXED:
        return {"fixed": cleaned["fixed"]}
    given = {name: cleaned[name] for name in _OF_A_SHARE}
    return {name: value for name, value in given.items() if value is not None}


def _initial(rule: Rule | None) -> dict[str, Any]:
    if rule is None:
        return {
            "publishes": Publishes.SHARE,
            "mode": ShareMode.SPLIT,
            "share": WHOLE,
            "is_active": True,
        }
    try:
        terms = stock_terms(rule.terms)
    except BadTerms:
        # The form shows what a new rule begins with; saving it mends the rule.
        terms = StockTerms()
    publishes = Publishes.SHARE if terms.is_published else Publishes.NOTHING
    if terms.fixed is not None:
        publishes = Publishes.FIXED
    return {
        **terms.to_json(),
        "publishes": publishes,
        "account": rule.scope.account_id,
        "category": rule.scope.category,
        "seller_sku": rule.scope.seller_sku,
        "is_active": rule.is_active,
    }


def _paths(store_ids: Sequence[int], rule: Rule | None) -> list[str]:
    """Return the paths of the stores' categories, with those above them."""
    found: set[str] = {rule.scope.category} if rule is not None else set()
    kept = Category.objects.filter(store__in=store_ids)
    for path in kept.order_by().values_list("path", flat=True):
        names = path.split(BETWEEN_NAMES)
        found |= {BETWEEN_NAMES.join(names[: depth + 1]) for depth in range(len(names))}
    return sorted(found - {""})
