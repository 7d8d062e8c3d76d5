"""The forms in which a person enters or removes an exchange rate; forms layer."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from channels_amazon.marketplaces import MARKETPLACES
from channels_amazon.models.exchange_rate import RATE_DECIMALS
from channels_amazon.rules.pricing.rates import (
    NoRate,
    RateTable,
    is_rate,
    rate_between,
)
from channels_amazon.services.pricing.manual import ManualRateDraft, plain
from channels_amazon.services.pricing.standing import RateStanding

# What SQLite keeps of a number.
_MOST_DIGITS = 15
# Beyond these shares of the bank's rate it is asked once whether it is meant: the
# other direction, or a point in the wrong place.
_LEAST_SHARE, _MOST_SHARE = Decimal("0.8"), Decimal("1.25")
_LONGEST_REASON = 200
_OLDEST = timedelta(days=365)


class ReasonField(forms.CharField):
    """Why a person changes a rate, on one line."""

    def __init__(self) -> None:
        super().__init__(label=_("Reason"), max_length=_LONGEST_REASON)


class RemoveRateForm(forms.Form):
    """Why a rate that was entered by hand holds no more."""

    reason = ReasonField()

    def __init__(self, data: Any = None, *, prefix: str = "remove") -> None:
        super().__init__(data, label_suffix="", auto_id=f"id_{prefix}_%s")


class ManualRateForm(forms.Form):
    """What one unit of the store's currency is in another one.

    A rate far from the bank's is taken only with the box that says that it is meant.
    """

    currency = forms.ChoiceField(label=_("Currency"))
    value = forms.DecimalField(
        label=_("Rate"), max_digits=_MOST_DIGITS, decimal_places=RATE_DECIMALS
    )
    day = forms.DateField(
        label=_("As of"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    reason = ReasonField()
    is_meant = forms.BooleanField(label=_("The rate is meant"), required=False)

    def __init__(
        self, standing: RateStanding, data: Any = None, *, currency: str = ""
    ) -> None:
        self.standing = standing
        initial = {"day": timezone.localdate(), "currency": currency}
        super().__init__(data, label_suffix="", initial=initial)
        field: Any = self.fields["currency"]
        field.choices = [(code, code) for code in _offered(standing)]
        self.fields["value"].label = gettext("One %(currency)s is") % {
            "currency": standing.currency
        }
        # Asked for only where something looks wrong.
        self.asks_whether_meant = False

    def clean_value(self) -> Decimal:
        """Return the rate; raises ValidationError for what can be none."""
        value: Decimal = self.cleaned_data["value"]
        if not is_rate(value):
            raise forms.ValidationError(
                gettext("A rate is above 0, and of a size that currencies have.")
            )
        return value

    def clean_day(self) -> date:
        """Return the day; raises ValidationError for one to come or long ago."""
        day: date = self.cleaned_data["day"]
        today = timezone.localdate()
        if day > today:
            raise forms.ValidationError(gettext("This day is still to come."))
        if day < today - _OLDEST:
            raise forms.ValidationError(gettext("This day is more than a year ago."))
        return day

    def clean(self) -> dict[str, Any]:
        """Ask whether a rate far from the bank's is meant."""
        given: dict[str, Any] = super().clean() or {}
        currency, value = given.get("currency"), given.get("value")
        if not currency or value is None:
            return given
        said = self._by_the_bank(currency)
        if said is None or _LEAST_SHARE <= value / said <= _MOST_SHARE:
            return given
        self.asks_whether_meant = True
        if not given.get("is_meant"):
            self.add_error(
                "value",
                gettext(
                    "By the European Central Bank one %(base)s is %(rate)s %(quote)s. "
                    "If yours is meant all the same, say so below."
                )
                % {
                    "base": self.standing.currency,
                    "rate": plain(said),
                    "quote": currency,
                },
            )
        return given

    def draft(self) -> ManualRateDraft:
        """Return what a valid form says."""
        given = self.cleaned_data
        return ManualRateDraft(
            base=self.standing.currency,
            quote=given["currency"],
            value=given["value"],
            day=given["day"],
            reason=given["reason"],
        )

    def _by_the_bank(self, currency: str) -> Decimal | None:
        table = RateTable(self.standing.table.euro, most_age=None)
        now = datetime.now(UTC)
        rate = rate_between(self.standing.currency, currency, table, now)
        return None if isinstance(rate, NoRate) else rate.value


def _offered(standing: RateStanding) -> list[str]:
    """Return the currencies to choose from: those that are needed first."""
    needed = [one.currency for one in standing.needed]
    others = {site.currency for site in MARKETPLACES.values()} - {standing.currency}
    return [*needed, *sorted(others - set(needed))]
