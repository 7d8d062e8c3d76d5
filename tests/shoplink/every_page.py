"""Every address of the resolver with rows behind it; every name that a page reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.contrib.admin.options import IS_POPUP_VAR, TO_FIELD_VAR
from django.contrib.admin.views import main as changelist
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.contenttypes.models import ContentType
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.resolvers import RegexPattern, RoutePattern

from channels_amazon.admin.site import site
from channels_amazon.forms import parameters
from channels_amazon.forms.filters import FilterForm
from channels_amazon.models import Store, SyncRule
from channels_amazon.services.stock.stock_takes import preview
from tests import builders
from tests.services.pricing.scene import make_manual_rate
from tests.views.scene import World, make_quarantined, make_refused, make_world

# What Django's own pages and the admin's look read of an address.
DJANGOS = (
    changelist.ALL_VAR,
    changelist.ORDER_VAR,
    changelist.PAGE_VAR,
    changelist.SEARCH_VAR,
    changelist.ERROR_FLAG,
    IS_POPUP_VAR,
    TO_FIELD_VAR,
    "_changelist_filters",
    "app_label",
    "cs",
    "field_name",
    "model_name",
    "next",
    "s",
    "term",
)
LOOKUPS = ("", "__in", "__gte", "__isnull", "__regex")
# A value that is in no address by chance, to be replaced in it.
MARK = 987_654_321_012


@dataclass(frozen=True)
class Part:
    """A part of an address that is not fixed, and what stands around it."""

    name: str
    before: str
    after: str

    def with_value(self, text: str) -> str:
        """Return the address with `text` in this part."""
        return f"{self.before}{quote(text, safe='')}{self.after}"


@dataclass(frozen=True)
class Page:
    """An address with rows behind it."""

    name: str
    address: str
    parts: tuple[Part, ...]


class Rows:
    """One row for each part of an address; a superuser may open all of them."""

    def __init__(self) -> None:
        self.user: AbstractBaseUser = builders.make_user(
            is_superuser=True, is_staff=True
        )
        self.world: World = make_world()
        world = self.world
        shipment = make_refused(world.order)
        saved = builders.make_saved_rule(world.account)
        self.values: dict[str, Any] = {
            "account_id": world.account.pk,
            "store_id": world.store.pk,
            "variant_id": world.variant.pk,
            "log_id": world.entry.pk,
            "kind": "events",
            "report_id": world.report.pk,
            "form": "json",
            "rate_id": make_manual_rate(world.store).pk,
            "rule_id": world.rule.pk,
            "message_id": make_quarantined(world.account).pk,
            "parcel_id": builders.make_parcel(world.order).pk,
            "template_id": builders.make_template(world.store, is_active=False).pk,
            "shipment_id": shipment.pk,
            "content_type_id": ContentType.objects.get_for_model(Store).pk,
            "app_label": "channels_amazon",
            "url": "nowhere/",
            "listing_id": world.variant.listings.get().pk,
            "sync_rule_id": SyncRule.objects.get(store=world.store).pk,
            "revision_id": saved.pk,
            "dry_run_id": saved.dry_run.pk,
            "take_id": preview(world.warehouse, "sku,counted", actor="").pk,
        }

    def value(self, page: str, part: str) -> Any:
        """Return a value of `part` that has a row; raises KeyError for a new part."""
        if part == "order_id":
            of_store = page.startswith("amazon-store-order")
            return self.world.store_order.pk if of_store else self.world.order.pk
        if part in {"object_id", "id"}:
            return self._object(page)
        return self.values[part]

    def _object(self, page: str) -> int:
        for model in site._registry:
            prefix = f"{model._meta.app_label}_{model._meta.model_name}_"
            if page.removeprefix("admin:").startswith(prefix):
                row = model._default_manager.order_by("pk").first()
                return int(row.pk) if row is not None else 1
        return int(self.world.store.pk)


def pages(rows: Rows) -> list[Page]:
    """Return every address of the project that has a name."""
    return [
        _page(name, parts, rows)
        for name, parts in _named(get_resolver().url_patterns, "")
    ]


def _named(patterns: Any, space: str) -> Iterator[tuple[str, list[str]]]:
    for entry in patterns:
        if isinstance(entry, URLResolver):
            inner = f"{entry.namespace}:" if entry.namespace else space
            yield from _named(entry.url_patterns, inner)
        elif isinstance(entry, URLPattern) and entry.name:
            yield f"{space}{entry.name}", _parts_of(entry)


def _parts_of(entry: URLPattern) -> list[str]:
    if isinstance(entry.pattern, RoutePattern):
        return list(entry.pattern.converters)
    assert isinstance(entry.pattern, RegexPattern)
    return list(entry.pattern.regex.groupindex)


def _page(name: str, parts: list[str], rows: Rows) -> Page:
    values = {part: rows.value(name, part) for part in parts}
    found = []
    for part in parts:
        # The regular expression of an app's list takes none but its apps.
        mark = "channels_amazon" if part == "app_label" else MARK
        marked = reverse(name, kwargs=values | {part: mark})
        before, _mark, after = marked.rpartition(f"{mark}")
        found.append(Part(part, before, after))
    return Page(name, reverse(name, kwargs=values), tuple(found))


def filter_names() -> set[str]:
    """Return the fields of every filter of a list."""
    found: set[str] = set()
    waiting: list[type[FilterForm]] = [FilterForm]
    while waiting:
        form = waiting.pop()
        found |= set(form.base_fields)
        waiting += form.__subclasses__()
    return found


def lookups(page: Page) -> list[str]:
    """Return what a list of the admin takes as a filter: the fields of its model."""
    fields = {
        field.name
        for model in site._registry
        for field in model._meta.concrete_fields
        if f"_{model._meta.model_name}_changelist" in page.name
    }
    return sorted(f"{field}{lookup}" for field in fields for lookup in LOOKUPS)


def names() -> list[str]:
    """Return every name that any page reads, the admin's filters apart."""
    declared = {one.name for one in parameters.declared()}
    return sorted(declared | filter_names() | set(DJANGOS))
