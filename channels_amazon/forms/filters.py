"""The filters of the lists, kept in the page's address; forms layer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar, TypeVar, assert_never

from django import forms
from django.db.models import Model, QuerySet, TextChoices
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from channels_amazon.forms.local_times import LocalTimeField
from channels_amazon.marketplaces import MARKETPLACES
from channels_amazon.models import (
    AmazonAccount,
    MarketplaceParticipation,
    Order,
)
from channels_amazon.models.order import OrderQuerySet
from channels_amazon.rules.pasted_ids import (
    FORMS,
    SHORTEST_PART,
    PastedId,
    means_order_id,
    order_ids,
    search_terms,
)
from channels_amazon.services.orders.search import NEWEST, FoundOrders, find_orders

ANY = ("", _("any"))
Rows = TypeVar("Rows", bound=QuerySet[Any])


class FilterForm(forms.Form):
    """A filter read from the address: with nonsense in any field it shows nothing.

    A list that passed over what it does not understand would show, and export, more
    than was asked for.

    `SHOWN` are the tabs of the list: the values of `show` in the address, and labels.
    """

    SHOWN: tuple[tuple[str, Any], ...] = ()
    FINDS_ORDER_IDS: ClassVar[bool] = False

    q = forms.CharField(label=_("Search"), required=False, max_length=120, strip=True)
    account = forms.ChoiceField(label=_("Account"), required=False)

    def __init__(
        self, data: Any, accounts: Iterable[AmazonAccount], **kwargs: Any
    ) -> None:
        super().__init__(data, label_suffix="", **kwargs)
        self.accounts = list(accounts)
        if "account" in self.fields:
            self.fields["account"].choices = [  # type: ignore[attr-defined]
                ANY,
                *((str(account.pk), str(account)) for account in self.accounts),
            ]
        if "marketplace" in self.fields:
            sites = used_marketplace_choices(self.accounts)
            self.fields["marketplace"].choices = sites  # type: ignore[attr-defined]
        self.is_valid()

    def chosen(self, name: str) -> str:
        """Return a field's accepted value as text, "" where it has none."""
        return str(self.cleaned_data.get(name) or "")

    @property
    def refusal(self) -> str:
        """Return why nothing is shown, "" where all that the address says is clear."""
        if not self.errors:
            return ""
        told = [
            f"{self.fields[name].label or name}: {' '.join(map(str, said))}"
            for name, said in self.errors.items()
        ]
        text = gettext("Nothing is shown, as the filter is not understood. %(why)s")
        return text % {"why": " ".join(told)}

    def understood(self, rows: Rows) -> Rows:
        """Return `rows`, none of them where the filter is not understood."""
        return rows.none() if self.errors else rows

    def terms(self) -> tuple[str, ...]:
        """Return all that the search may mean, nothing where nothing is searched."""
        return search_terms(self.chosen("q"))

    @property
    def hint(self) -> str:
        """Return what to say of the search, "" for nothing."""
        return self.order_id_hint

    @property
    def order_id_hint(self) -> str:
        """Return how an order id is written, where one is searched for that is none."""
        q = self.chosen("q")
        if not self.FINDS_ORDER_IDS or not means_order_id(q):
            return ""
        text = gettext(
            "“%(text)s” is no order id of Amazon: one looks like %(example)s."
        )
        return text % {"text": q, "example": FORMS[PastedId.ORDER_ID].example}

    @property
    def is_narrowed(self) -> bool:
        """Tell whether anything is filtered out."""
        return bool(self.errors) or any(self.chosen(name) for name in self.fields)

    def moment(self, name: str) -> datetime | None:
        """Return a time field's moment, None where it holds none."""
        value: datetime | None = self.cleaned_data.get(name)
        return value


class OrderSearchForm(FilterForm):
    """A filter whose search finds orders by an id, a seller SKU, an ASIN or a part."""

    FINDS_ORDER_IDS = True

    found: FoundOrders | None = None

    def find(self, orders: OrderQuerySet) -> OrderQuerySet:
        """Return those of `orders` that the search means, all where it is empty.

        They are of the filter's accounts. What was left out is said by `hint`.
        """
        typed, account = self.chosen("q"), self.chosen("account")
        if not typed or self.errors:
            return self.understood(orders)
        own = [one.pk for one in self.accounts if account in ("", str(one.pk))]
        self.found = find_orders(orders, typed, own)
        return self.found.orders

    @property
    def hint(self) -> str:
        """Return what the search was taken for, where that may be another thing."""
        found, q = self.found, self.chosen("q")
        if found is None:
            return ""
        if found.is_too_short:
            text = gettext(
                "Write at least %(count)d characters to find a part of an order id, a "
                "seller SKU or an ASIN."
            )
            return text % {"count": SHORTEST_PART}
        if found.missing:
            text = gettext("Not found here: %(ids)s.")
            return text % {"ids": ", ".join(found.missing)}
        note = self.cut_note
        if found.is_empty:
            # How an id is written says why one that is written otherwise is not there.
            return f"{note} {super().hint}".strip()
        if note:
            return note
        if found.is_whole and not order_ids(q):
            text = gettext(
                "These orders hold exactly “%(text)s”. Leave its end away to find "
                "longer ones too."
            )
            return text % {"text": q}
        return ""

    @property
    def cut_note(self) -> str:
        """Return what the search leaves out, "" where that is nothing."""
        found, q = self.found, self.chosen("q")
        if found is None or found.is_all or found.is_quick:
            return ""
        if found.most:
            text = gettext(
                "Very many orders hold “%(text)s”: only %(count)s of them were looked "
                "up, and others are not shown. Write more of it to find those."
            )
        elif found.is_cut:
            text = gettext(
                "Very many orders hold “%(text)s”: only those among the newest "
                "%(count)s are shown. Write more of it to find older ones."
            )
        elif found.are_ids_read:
            text = gettext(
                "As a part of a SKU or an ASIN that is not listed, “%(text)s” was "
                "looked for in the newest %(count)s order lines only. Write all of it "
                "to find older ones."
            )
        else:
            text = gettext(
                "As a part from the middle of an order id, or of a SKU or an ASIN that "
                "is not listed, “%(text)s” was looked for in the newest %(count)s "
                "orders only. Write the beginning or the end of an order id, or all of "
                "a SKU or an ASIN, to find older ones."
            )
        return text % {"text": q, "count": f"{found.most or NEWEST:,}"}


class NameForm(forms.Form):
    """A search by name; it is sent by POST, see views/orders/name_search.py."""

    name = forms.CharField(
        label=_("Name of buyer or recipient"),
        max_length=120,
        strip=True,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )


class OrderShow(TextChoices):
    """The tabs of the orders page, by what `show` says in the address."""

    ALL = "", _("All")
    TO_SHIP = "ship", _("To ship")
    LATE = "late", _("Late")
    UNMATCHED = "unmatched", _("Unmatched")
    BACKORDER = "backorder", _("Backorder")
    CANCEL = "cancel", _("Buyer asks to cancel")
    QUARANTINE = "aside", _("In quarantine")


# What Amazon itself has to ship is not ours to ship, though its status is the same.
AMAZON_SHIPS = "amazon"


class OrderFilter(OrderSearchForm):
    """The filter of the orders page."""

    SHOWN = tuple(OrderShow.choices)

    show = forms.ChoiceField(choices=SHOWN, required=False)
    marketplace = forms.ChoiceField(label=_("Marketplace"), required=False)
    status = forms.ChoiceField(
        label=_("Status"),
        required=False,
        choices=[ANY, *Order.Status.choices, (AMAZON_SHIPS, _("Amazon ships"))],
    )

    field_order = ("q", "account", "marketplace", "status", "show")

    def narrow(self, orders: OrderQuerySet, now: datetime) -> OrderQuerySet:
        """Return what of `orders` the filter lets through."""
        orders = self.understood(orders)
        if account := self.chosen("account"):
            orders = orders.filter(account_id=int(account))
        if marketplace := self.chosen("marketplace"):
            orders = orders.filter(marketplace_id=marketplace)
        if status := self.chosen("status"):
            orders = _of_status(orders, status)
        return _shown(self.find(orders), OrderShow(self.chosen("show")), now)


class LogFilter(FilterForm):
    """The filter of the diagnostic logs, for one of their three kinds."""

    # Of an hour that clocks show twice nothing is left out.
    since = LocalTimeField(label=_("From"), required=False)
    until = LocalTimeField(label=_("To"), required=False, is_later=True)

    field_order = ("q", "account", "marketplace", "operation", "result")

    model: type[Model]
    time_field: str

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return what of `rows` the filter lets through."""
        return self.narrow_result(self.scope(rows))

    def scope(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return what of `rows` the filter speaks of, whatever became of it."""
        rows = self.understood(rows)
        if account := self.chosen("account"):
            rows = rows.filter(account_id=int(account))
        if since := self.moment("since"):
            rows = rows.filter(**{f"{self.time_field}__gte": since})
        if until := self.moment("until"):
            rows = rows.filter(**{f"{self.time_field}__lte": until})
        return self.narrow_own(rows)

    def narrow_own(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return `rows` narrowed by the fields of this kind alone."""
        return rows

    def narrow_result(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return those of `rows` that came out as the filter wants."""
        return rows

    @property
    def is_scoped(self) -> bool:
        """Tell whether anything but what became of it is filtered."""
        return any(self.chosen(name) for name in self.fields if name != "result")

    @property
    def has_span(self) -> bool:
        """Tell whether the filter names a time."""
        return bool(self.chosen("since") or self.chosen("until"))


def _of_status(orders: OrderQuerySet, status: str) -> OrderQuerySet:
    if status == AMAZON_SHIPS:
        return orders.for_amazon_to_ship()
    if status == Order.Status.UNSHIPPED:
        return orders.unshipped()
    return orders.filter(status=status)


def _shown(orders: OrderQuerySet, show: OrderShow, now: datetime) -> OrderQuerySet:
    match show:
        case OrderShow.ALL:
            return orders
        case OrderShow.TO_SHIP:
            return orders.to_ship()
        case OrderShow.LATE:
            return orders.late(now)
        case OrderShow.UNMATCHED:
            return orders.unmatched()
        case OrderShow.BACKORDER:
            return orders.with_shortage()
        case OrderShow.CANCEL:
            return orders.asking_to_cancel()
        case OrderShow.QUARANTINE:
            return orders.in_quarantine()
        case _:
            assert_never(show)


def used_marketplace_choices(
    accounts: Iterable[AmazonAccount],
) -> list[tuple[str, Any]]:
    """Return those of `marketplace_choices` in which a connected account sells.

    An account that waits to be authorised anew counts, a disconnected one does not.
    """
    kept = [account for account in accounts if not account.is_disconnected]
    sites = MarketplaceParticipation.objects.filter(
        account__in=[account.pk for account in kept], is_participating=True
    )
    used = {"", *sites.order_by().values_list("marketplace_id", flat=True)}
    return [choice for choice in marketplace_choices(kept) if choice[0] in used]


def marketplace_choices(accounts: Iterable[AmazonAccount]) -> list[tuple[str, Any]]:
    """Return the marketplaces of the regions that `accounts` are in."""
    regions = {account.region for account in accounts}
    known = sorted(
        (item for item in MARKETPLACES.values() if item.region in regions),
        key=lambda item: item.country_code,
    )
    language = get_language() or "en"
    return [
        ANY,
        *(
            (item.id, f"{item.country_code} · {item.name_in(language)}")
            for item in known
        ),
    ]
