"""The filter of the stock page; forms layer."""

from __future__ import annotations

from collections.abc import Collection

from django import forms
from django.db.models import QuerySet, TextChoices
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from channels_amazon.forms.filters import FilterForm
from channels_amazon.models import Variant
from channels_amazon.models.scope import COUNT_CAP
from channels_amazon.rules.pasted_ids import SHORTEST_PART
from channels_amazon.services.stock.search import NEWEST, FoundVariants, find_variants


class StockShow(TextChoices):
    """The tabs of the stock page, by what `show` says in the address."""

    ALL = "", _("All")
    OUT = "out", _("Nothing on hand")
    BELOW_ZERO = "below", _("Below zero")
    WAITING = "waiting", _("Waiting for Amazon")
    REFUSED = "refused", _("Refused by Amazon")
    DIFFERS = "differs", _("Amazon shows another number")
    UNLISTED = "unlisted", _("Not on Amazon")


class StockFilter(FilterForm):
    """The filter of the stock page."""

    SHOWN = tuple(StockShow.choices)

    show = forms.ChoiceField(choices=SHOWN, required=False)

    field_order = ("q", "account", "show")

    found: FoundVariants | None = None

    def find(
        self, variants: QuerySet[Variant], store_ids: Collection[int]
    ) -> QuerySet[Variant]:
        """Return those of `variants` that the search means, all where it is empty.

        They are of these stores. What was left out is said by `hint`.
        """
        typed = self.chosen("q")
        if not typed:
            return variants
        self.found = find_variants(variants, typed, store_ids)
        return self.found.variants

    @property
    def hint(self) -> str:
        """Return what the search was taken for, and what it leaves out."""
        found, q = self.found, self.chosen("q")
        if found is None:
            return ""
        if found.is_too_short:
            text = gettext(
                "Write at least %(count)d characters to find a part of a SKU, a "
                "barcode, an ASIN or a title."
            )
            return text % {"count": SHORTEST_PART}
        if found.has_longer:
            text = gettext(
                "These variants have exactly “%(text)s”. Leave its end away to find "
                "longer ones too."
            )
            return text % {"text": q}
        if found.is_over:
            text = gettext(
                "Very many variants hold “%(text)s”: only %(count)s of them were "
                "looked up, and others are not shown. Write more of it to find those."
            )
            return text % {"text": q, "count": f"{COUNT_CAP:,}"}
        if not found.is_all_read:
            text = gettext(
                "As a part, “%(text)s” was looked for in the newest %(count)s variants "
                "and listings only. Write all of a SKU, a barcode or an ASIN to find "
                "older ones."
            )
            return text % {"text": q, "count": f"{NEWEST:,}"}
        return ""
