"""Where a store is told of its orders, and whether it hears; views layer."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from channels_amazon.forms import parameters
from channels_amazon.forms.endpoint import EndpointForm
from channels_amazon.models import Order, Store, StoreEndpoint, SyncJob, translated
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.health import processes
from channels_amazon.services.webhooks import endpoints
from channels_amazon.storefronts.webhook_failures import WebhookError
from channels_amazon.views.base import (
    can_manage,
    get_mine,
    is_fragment,
    mine,
    page,
    require_owner,
    store_page,
)

TEMPLATE = "channels_amazon/webhooks/endpoint.html"
# What the page asks for anew while a test message is under way.
LIVE = "channels_amazon/webhooks/parts/endpoint_live.html"


@store_page
@require_safe
def store_endpoint(request: HttpRequest) -> HttpResponse:
    """Show a store's address, the last result, and what waits to be told."""
    stores = list(mine(Store, request).order_by("name"))
    store = next(iter(stores), None)
    if parameters.STORE.of(request):
        number = parameters.STORE.number(request)
        store = get_mine(Store, request, pk=number)
    if store is None:
        return page(request, TEMPLATE, {}, title=_("API and webhooks"))
    return _show(request, store)


@store_page
@require_POST
@sensitive_variables("secret")
def endpoint_set(request: HttpRequest, store_id: int) -> HttpResponse:
    """Set the address; the secret made with a first one is shown this once."""
    store = get_mine(Store, request, pk=store_id)
    require_owner(request, store)
    form = EndpointForm(_endpoint(store), request.POST)
    if not form.is_valid():
        return _show(request, store, form=form)
    try:
        _row, secret = endpoints.set_endpoint(
            store,
            url=form.cleaned_data["url"].strip(),
            is_active=form.cleaned_data["is_active"],
            actor=request.user.get_username(),
        )
    except WebhookError as error:
        form.add_error("url", translated(error.message))
        return _show(request, store, form=form)
    messages.success(request, _("The address is set."))
    if secret:
        return _show(request, store, secret=secret)
    return _back(store)


@store_page
@require_POST
@sensitive_variables("secret")
def endpoint_secret(request: HttpRequest, store_id: int) -> HttpResponse:
    """Replace the secret and show the new one this once."""
    store = get_mine(Store, request, pk=store_id)
    require_owner(request, store)
    endpoint = _endpoint(store)
    if endpoint is None:
        messages.warning(request, _("Set an address first."))
        return _back(store)
    secret = endpoints.rotate_secret(endpoint, actor=request.user.get_username())
    messages.success(request, _("The secret is replaced; the old one signs no more."))
    return _show(request, store, secret=secret)


@store_page
@require_POST
def endpoint_test(request: HttpRequest, store_id: int) -> HttpResponse:
    """Let a worker send a message that tells of nothing; the page shows how it went."""
    store = get_mine(Store, request, pk=store_id)
    require_owner(request, store)
    endpoint = _endpoint(store)
    if endpoint is None:
        messages.warning(request, _("Set an address first."))
        return _back(store)
    endpoints.request_test(endpoint, actor=request.user.get_username())
    return _back(store)


def _show(
    request: HttpRequest,
    store: Store,
    *,
    form: EndpointForm | None = None,
    secret: str = "",
) -> HttpResponse:
    endpoint, now = _endpoint(store), timezone.now()
    manages = can_manage(request.user, store)
    pending = Order.objects.filter(
        account__in=list(store.amazon_accounts.values_list("pk", flat=True)),
        webhook_pending_since__isnull=False,
    )
    context: dict[str, Any] = {
        "store": store,
        "stores": mine(Store, request).order_by("name"),
        "endpoint": endpoint,
        "form": form or (EndpointForm(endpoint) if manages else None),
        "can_manage": manages,
        "secret": secret,
        "pending": pending.capped_count(),
        "blocked": SyncJob.objects.filter(
            account__store=store, kind=SyncJob.Kind.WEBHOOK_DELIVERY
        ).exclude(blocked_code=""),
        "now": now,
        "is_test_under_way": endpoint is not None and endpoint.is_test_under_way(now),
        "is_test_lost": endpoint is not None and endpoint.is_test_lost(now),
        "has_worker": processes.is_alive(Process.QUEUE, now),
    }
    status = 422 if form is not None else 200
    title = _("API and webhooks")
    template = LIVE if is_fragment(request) else TEMPLATE
    return page(request, template, context, title=title, status=status)


def _endpoint(store: Store) -> StoreEndpoint | None:
    # The secret is shown by nothing, and may be what cannot be read.
    rows = StoreEndpoint.objects.filter(store=store).defer("secret")
    row: StoreEndpoint | None = rows.first()
    return row


def _back(store: Store) -> HttpResponse:
    return redirect(f"{reverse('amazon-store-endpoint')}?store={store.pk}")
