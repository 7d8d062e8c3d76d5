"""The side bar: which pages there are, by group; admin layer."""

from __future__ import annotations

from typing import Any

from django.apps.registry import apps
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from channels_amazon.admin.site import site
from channels_amazon.forms import parameters
from channels_amazon.forms.filters import OrderShow
from channels_amazon.views.attention import Beside, number_beside


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the groups of the side bar, without what `request.user` may not open.

    A group is folded by its name, which a browser remembers: it never changes.
    """
    groups = [
        _group("overview", "", [_overview(request)]),
        _with_number(
            request, Beside.ORDERS, _group("orders", _("Orders"), _orders(request))
        ),
        _group("stock", _("Stock"), _stock(request)),
        _group("rules", _("Rules"), _rules(request)),
        _group("amazon", _("Channels → Amazon"), _amazon(request)),
        _group("settings", _("Settings"), _settings(request)),
        # The look has a word of its own for "System", which means another thing.
        _with_number(
            request,
            Beside.SYSTEM,
            _group("system", pgettext_lazy("side bar", "System"), _system(request)),
        ),
    ]
    return [group for group in groups if group["items"]]


def _group(name: str, title: Any, items: list[dict[str, Any] | None]) -> dict[str, Any]:
    return {"name": name, "title": title, "items": [item for item in items if item]}


def _item(title: Any, icon: str, link: str, *, active: bool) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": link, "active": active}


def _with_number(
    request: HttpRequest, beside: Beside, item: dict[str, Any]
) -> dict[str, Any]:
    return item | {"number": _Number(request, beside)}


def _overview(request: HttpRequest) -> dict[str, Any]:
    link = reverse("amazon-overview")
    item = _item(_("Overview"), "home", link, active=request.path == link)
    return _with_number(request, Beside.NEEDS, item)


class _Number:
    """How many rows of an entry or a group wait for the reader; nothing for none.

    They are counted when the side bar is drawn, all at once: a part of a page that is
    brought up to date draws none, and carries the numbers itself.
    """

    def __init__(self, request: HttpRequest, beside: Beside) -> None:
        self._request = request
        self._beside = beside

    def __html__(self) -> str:
        """Return the number in an element that parts of pages may replace."""
        number = number_beside(self._request, self._beside)
        return format_html('<span id="sl-{}">{}</span>', self._beside, number)

    def __str__(self) -> str:
        return self.__html__()


def _orders(request: HttpRequest) -> list[dict[str, Any] | None]:
    link = reverse("amazon-order-list")
    inside = request.path.startswith(link)
    show = parameters.SHOW.of(request)
    named = {OrderShow.TO_SHIP, OrderShow.UNMATCHED}
    return [
        _item(
            _("All orders"),
            "receipt_long",
            link,
            active=inside and show not in named,
        ),
        _with_number(
            request,
            Beside.TO_SHIP,
            _item(
                _("To ship"),
                "package_2",
                f"{link}?show={OrderShow.TO_SHIP}",
                active=inside and show == OrderShow.TO_SHIP,
            ),
        ),
        _with_number(
            request,
            Beside.UNMATCHED,
            _item(
                _("Unmatched"),
                "link_off",
                f"{link}?show={OrderShow.UNMATCHED}",
                active=inside and show == OrderShow.UNMATCHED,
            ),
        ),
        _page(request, "amazon-store-order-list", _("Store orders"), "shopping_bag"),
        _with_number(
            request,
            Beside.LATE,
            _page(request, "amazon-shipment-board", _("Late shipments"), "alarm"),
        ),
        _with_number(
            request,
            Beside.PARCELS,
            _page(request, "amazon-parcel-list", _("Parcels"), "local_shipping"),
        ),
        _page(request, "amazon-bulk-ship", _("Ship from a file"), "upload_file"),
    ]


def _rules(request: HttpRequest) -> list[dict[str, Any] | None]:
    return [
        _page(request, "amazon-stock-rule-list", _("Stock rules"), "percent"),
        _page(
            request, "amazon-ship-template-list", _("Ship templates"), "rule_settings"
        ),
        _page(request, "amazon-fba-rule-list", _("MCF rules"), "alt_route"),
        _page(
            request,
            "amazon-exchange-rates",
            _("Exchange rates"),
            "currency_exchange",
        ),
    ]


def _page(request: HttpRequest, name: str, title: Any, icon: str) -> dict[str, Any]:
    """Return the entry of a page and of the pages below it."""
    link = reverse(name)
    return _item(title, icon, link, active=request.path.startswith(link))


def _stock(request: HttpRequest) -> list[dict[str, Any] | None]:
    link = reverse("amazon-stock-list")
    return [
        _item(
            _("Stock levels"),
            "inventory_2",
            link,
            active=request.path.startswith(link),
        ),
        _page(request, "amazon-movement-list", _("Movements"), "lists"),
        _page(request, "amazon-stock-take-list", _("Stock-takes"), "fact_check"),
        _model(request, "variant", _("Variants"), "sell"),
        _model(request, "product", _("Products"), "category"),
        _model(request, "warehouse", _("Warehouses"), "warehouse"),
    ]


def _amazon(request: HttpRequest) -> list[dict[str, Any] | None]:
    accounts = reverse("amazon-account-list")
    status = reverse("amazon-status-index")
    logs = reverse("amazon-log-list")
    name = request.resolver_match.url_name if request.resolver_match else ""
    on_status = name in {"amazon-status", "amazon-status-index"}
    on_health = name in {"amazon-health-report", "amazon-health-index"}
    return [
        _item(
            _("Accounts"),
            "storefront",
            accounts,
            active=request.path.startswith(accounts) and not on_status,
        ),
        _item(_("Connection status"), "monitor_heart", status, active=on_status),
        _item(
            _("Health check"),
            "health_and_safety",
            reverse("amazon-health-index"),
            active=on_health,
        ),
        _item(
            _("Reconciliations"),
            "fact_check",
            reverse("amazon-reconciliation-list"),
            active=name == "amazon-reconciliation-list",
        ),
        _item(
            _("Diagnostic logs"),
            "lists",
            logs,
            active=request.path.startswith(logs),
        ),
    ]


def _settings(request: HttpRequest) -> list[dict[str, Any] | None]:
    protection = reverse("amazon-data-protection")
    return [
        _item(
            _("Data protection"),
            "shield_person",
            protection,
            active=request.path.startswith(protection),
        ),
        _model(request, "store", _("Stores"), "store"),
        _model(request, "storemember", _("Members"), "group"),
        _page(request, "amazon-store-endpoint", _("API and webhooks"), "webhook"),
        _model(request, "user", _("Users"), "person", app="auth"),
    ]


def _system(request: HttpRequest) -> list[dict[str, Any] | None]:
    return [
        _with_number(
            request,
            Beside.QUARANTINE,
            _page(request, "amazon-quarantine-list", _("Quarantine"), "inbox"),
        ),
        _model(request, "auditentry", _("Audit log"), "policy"),
        _model(
            request, "accessfailurelog", _("Failed sign-ins"), "gpp_bad", app="axes"
        ),
    ]


def _model(
    request: HttpRequest,
    model: str,
    title: Any,
    icon: str,
    *,
    app: str = "channels_amazon",
) -> dict[str, Any] | None:
    if isinstance(request.user, AnonymousUser):
        return None
    if not site.get_model_admin(apps.get_model(app, model)).has_view_permission(
        request
    ):
        return None
    link = reverse(f"admin:{app}_{model}_changelist")
    return _item(title, icon, link, active=request.path.startswith(link))
