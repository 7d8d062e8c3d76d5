"""What every page shares: who may see it, which rows, and its frame; views layer."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, overload

from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django_htmx.http import HttpResponseClientRefresh

from channels_amazon.admin.site import site
from channels_amazon.models import (
    AmazonAccount,
    Listing,
    Order,
    Store,
    StoreMember,
    StoreOrder,
)
from channels_amazon.models.account import AccountQuerySet
from channels_amazon.models.listing import ListingQuerySet
from channels_amazon.models.order import OrderQuerySet
from channels_amazon.models.scope import StoreQuerySet
from channels_amazon.models.store_order import StoreOrderQuerySet
from channels_amazon.views import way_back

Row = TypeVar("Row", bound=models.Model)
View = Callable[..., HttpResponseBase]

OPERATORS = (StoreMember.Role.OWNER, StoreMember.Role.OPERATOR)
OWNERS = (StoreMember.Role.OWNER,)
# What a form sends beside its file. As much more as lets the page itself say that a
# file is a little too large.
FORM_BYTES = 1024 * 1024


def store_page(view: View) -> View:
    """Wrap a page: signed-in staff only, never cached, checked against forgery.

    An anonymous visitor is led to the sign-in page; a fragment asked for after the
    session ended reloads the whole page, which then does so.
    """
    guarded: View = site.admin_view(view)

    @wraps(view)
    def page_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if is_fragment(request) and not site.has_permission(request):
            return way_back.not_taken(request, HttpResponseClientRefresh())
        return guarded(request, *args, **kwargs)

    return page_view


def takes_upload(most_bytes: int) -> Callable[[View], View]:
    """Let a page take a body of `most_bytes` of content from who is signed in.

    All other bodies are bound by the project's one limit, before they are read.
    """

    def declare(view: View) -> View:
        declared: Any = view
        declared.largest_body = most_bytes + FORM_BYTES
        return view

    return declare


@overload
def mine(model: type[AmazonAccount], request: HttpRequest) -> AccountQuerySet: ...


@overload
def mine(model: type[Order], request: HttpRequest) -> OrderQuerySet: ...


@overload
def mine(model: type[Listing], request: HttpRequest) -> ListingQuerySet: ...


@overload
def mine(model: type[StoreOrder], request: HttpRequest) -> StoreOrderQuerySet: ...


@overload
def mine(model: type[Row], request: HttpRequest) -> StoreQuerySet[Row]: ...


def mine(model: Any, request: HttpRequest) -> Any:
    """Return the rows of `model` in the stores of the signed-in user."""
    return model.objects.visible_to(request.user)


def get_mine(
    rows: type[Row] | models.QuerySet[Row], request: HttpRequest, **lookup: Any
) -> Row:
    """Return the one visible row that `lookup` names.

    `rows` may be a queryset already made by `mine`. Raises Http404 when there is
    none, be it missing or another store's: a stranger can't tell which.
    """
    queryset = rows if isinstance(rows, models.QuerySet) else mine(rows, request)
    # An address may hold a number of any length, which SQLite cannot compare with.
    is_id = all(_is_id(value) for value in lookup.values())
    row = queryset.filter(**lookup).first() if is_id else None
    if row is None:
        raise Http404(gettext("There is no such page for you."))
    return row


def stores_with_role(
    request: HttpRequest, roles: tuple[StoreMember.Role, ...]
) -> models.QuerySet[Store]:
    """Return the stores in which the user has one of `roles`; all for a superuser."""
    user: Any = request.user
    stores = mine(Store, request)
    if user.is_superuser:
        return stores
    members = StoreMember.objects.filter(user_id=user.pk, role__in=roles)
    return stores.filter(pk__in=members.values("store_id"))


def can_operate(user: Any, store: Store) -> bool:
    """Tell whether `user` may work on the store's stock, orders and checks."""
    return _has_role(user, store, OPERATORS)


def can_manage(user: Any, store: Store) -> bool:
    """Tell whether `user` may connect and disconnect the store's accounts."""
    return _has_role(user, store, OWNERS)


def require_operator(request: HttpRequest, store: Store) -> None:
    """Raise PermissionDenied unless the user may work on the store."""
    if not can_operate(request.user, store):
        raise _looks_only()


def operated_stores(request: HttpRequest) -> models.QuerySet[Store]:
    """Return the stores that the user may work on; raises PermissionDenied for none."""
    stores = stores_with_role(request, OPERATORS)
    if not stores.exists():
        raise _looks_only()
    return stores


def require_owner(request: HttpRequest, store: Store) -> None:
    """Raise PermissionDenied unless the user may connect the store's accounts."""
    if not can_manage(request.user, store):
        raise PermissionDenied(gettext("Only an owner of the store may do this."))


def sees_personal_data(user: Any, store: Store) -> bool:
    """Tell whether `user` may see buyers and recipients unmasked."""
    if not user.is_authenticated or not user.is_active:
        return False
    return StoreMember.objects.filter(
        store=store, user_id=user.pk, sees_personal_data=True
    ).exists()


def stores_with_personal_data(user: Any) -> list[Store]:
    """Return the stores whose buyers and recipients `user` may see unmasked."""
    if not user.is_authenticated or not user.is_active:
        return []
    members = StoreMember.objects.filter(user_id=user.pk, sees_personal_data=True)
    return list(Store.objects.filter(pk__in=members.values("store_id")))


def require_personal_data(request: HttpRequest, store: Store) -> None:
    """Raise PermissionDenied unless the user may see personal data unmasked."""
    if not sees_personal_data(request.user, store):
        raise PermissionDenied(
            gettext("Your membership of this store does not show personal data.")
        )


def is_fragment(request: HttpRequest) -> bool:
    """Tell whether htmx asks for a part of a page it already shows."""
    return bool(getattr(request, "htmx", False))


def page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    title: str = "",
    status: int = 200,
) -> TemplateResponse:
    """Return the page in the admin's frame: side bar, header, messages.

    A part of a page, whose template lies in a folder `parts`, has none around it.
    """
    request.current_app = site.name
    frame = {} if "/parts/" in template else site.each_context(request)
    return TemplateResponse(
        request, template, {**frame, "title": title, **context}, status=status
    )


def _has_role(user: Any, store: Store, roles: tuple[StoreMember.Role, ...]) -> bool:
    if not user.is_authenticated or not user.is_active:
        return False
    if user.is_superuser:
        return True
    return StoreMember.objects.filter(
        store=store, user_id=user.pk, role__in=roles
    ).exists()


def _is_id(value: Any) -> bool:
    return not isinstance(value, int) or abs(value) <= models.BigAutoField.MAX_BIGINT


def _looks_only() -> PermissionDenied:
    return PermissionDenied(gettext("Your role in this store allows looking only."))
