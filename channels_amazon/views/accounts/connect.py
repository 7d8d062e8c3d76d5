"""Connecting an Amazon account, and disconnecting it; views layer."""

from __future__ import annotations

from functools import partial
from typing import Any, cast

from csp.decorators import csp_update
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from channels_amazon.errors import ShoplinkError
from channels_amazon.forms import parameters
from channels_amazon.forms.connect import AppstoreForm, ConnectForm, PrivateForm
from channels_amazon.marketplaces import MARKETPLACES
from channels_amazon.models import AmazonAccount, Store, translated
from channels_amazon.services.accounts import connection, oauth, preflight
from channels_amazon.services.accounts.connection import AccountGrant
from channels_amazon.services.accounts.oauth import AuthorizationRequest, Requester
from channels_amazon.services.accounts.private_app import connect_by_token
from channels_amazon.services.amazon_client.applications import current_application
from channels_amazon.views.accounts.connect_errors import failure_of
from channels_amazon.views.base import (
    OWNERS,
    can_manage,
    get_mine,
    is_fragment,
    mine,
    page,
    require_owner,
    store_page,
    stores_with_role,
)

REGIONS = AmazonAccount.Region
# What Amazon's link brings of an authorisation that was begun there.
_AT_AMAZON = (
    parameters.AMAZON_CALLBACK_URI,
    parameters.AMAZON_STATE,
    parameters.SELLING_PARTNER_ID,
)


@store_page
@require_http_methods(["GET", "HEAD", "POST"])
def connect(request: HttpRequest) -> HttpResponse:
    """Show what is needed to connect, then lead to Amazon's consent page."""
    stores = stores_with_role(request, OWNERS)
    if is_fragment(request):
        return _show_preflight(request, stores)
    if request.method == "POST":
        return _leave(request, stores)
    account = _account_named(request)
    region = account.region if account else parameters.REGION.of(request)
    if region not in REGIONS.values:
        region = REGIONS.NA
    form = _connect_form(stores, region, initial=_initial(request, region, account))
    return _show_connect(request, form, region, account)


@store_page
@sensitive_post_parameters("refresh_token")
@require_http_methods(["GET", "HEAD", "POST"])
def connect_private(request: HttpRequest) -> HttpResponse:
    """Connect by a refresh token that Seller Central showed."""
    stores = stores_with_role(request, OWNERS)
    form = PrivateForm(stores, request.POST or None)
    failure = None
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        grant = AccountGrant(
            region=data["region"],
            seller_id=data["seller_id"],
            name="",
            refresh_token=data["refresh_token"],
        )
        actor = request.user.get_username()
        try:
            account = connect_by_token(data["store"], grant=grant, actor=actor)
        except ShoplinkError as error:
            failure = failure_of(error)
        else:
            return redirect("amazon-account-progress", account.pk)
    context = {"form": form, "stores": stores, "failure": failure}
    return page(
        request,
        "channels_amazon/accounts/private.html",
        context,
        title=_("Private application"),
        status=422 if request.method == "POST" else 200,
    )


@store_page
@require_http_methods(["GET", "HEAD", "POST"])
def appstore_login(request: HttpRequest) -> HttpResponse:
    """Go on with an authorisation that the merchant began at Amazon."""
    stores = stores_with_role(request, OWNERS)
    is_post = request.method == "POST"
    initial: dict[str, Any] = {
        one.name: one.posted(request) if is_post else one.of(request)
        for one in _AT_AMAZON
    }
    seller = initial["selling_partner_id"]
    known = mine(AmazonAccount, request).filter(seller_id=seller, store__in=stores)
    initial["store"] = known.values_list("store_id", flat=True).first() or ""
    form = AppstoreForm(stores, request.POST if is_post else None, initial=initial)
    context: dict[str, Any] = {"form": form, "stores": stores, "seller_id": seller}
    uri = initial["amazon_callback_uri"]
    try:
        if is_post and form.is_valid():
            address = oauth.begin_at_amazon(
                form.cleaned_data["store"],
                requester_of(request),
                callback_uri=uri,
                amazon_state=form.cleaned_data["amazon_state"],
            )
            return redirect(address)
        # Nothing is shown of it: an address that is no Seller Central is refused here,
        # before the merchant fills the form in.
        oauth.appstore_region(uri, current_application())
    except ShoplinkError as error:
        context["failure"] = failure_of(error)
    return _show_appstore(request, context)


@store_page
@require_POST
def disconnect(request: HttpRequest, account_id: int) -> HttpResponse:
    """Stop the account's jobs and delete its tokens."""
    rows = mine(AmazonAccount, request).select_related("store")
    account = get_mine(rows, request, pk=account_id)
    require_owner(request, account.store)
    connection.disconnect_account(account, actor=request.user.get_username())
    text = _("%(account)s is disconnected. Its tokens are deleted, its records kept.")
    messages.success(request, text % {"account": account})
    messages.info(request, _what_stays(account))
    return redirect("amazon-account-list")


def _what_stays(account: AmazonAccount) -> str:
    """Say what Amazon still has of a disconnected account, and who removes it."""
    authorization = _(
        "The authorisation itself stays at Amazon until the seller ends it in Seller "
        "Central, at Apps and Services, Manage Your Apps."
    )
    if account.unsubscribe_at is None:
        return authorization
    events = _(
        "Its subscriptions to Amazon's events are being deleted; the diagnostic logs "
        "say what came of it."
    )
    return f"{events} {authorization}"


def requester_of(request: HttpRequest) -> Requester:
    """Return who asks, and in which session."""
    return Requester(
        user_id=request.user.pk or 0,
        session_key=request.session.session_key or "",
        may_connect=partial(can_manage, request.user),
        name=request.user.get_username(),
    )


def _leave(request: HttpRequest, stores: QuerySet[Store]) -> HttpResponse:
    region = parameters.REGION.posted(request)
    region = region if region in REGIONS.values else REGIONS.NA
    form = _connect_form(stores, region, request.POST)
    if not form.is_valid():
        return _show_connect(request, form, region, None)
    data = form.cleaned_data
    wanted = AuthorizationRequest(
        data["store"], region, tuple(data["marketplaces"]), data["account"]
    )
    try:
        return redirect(oauth.begin(wanted, requester_of(request)))
    except ShoplinkError as error:
        form.add_error(None, translated(error.message))
        return _show_connect(request, form, region, data["account"])


def _connect_form(
    stores: QuerySet[Store], region: str, *args: Any, **options: Any
) -> ConnectForm:
    own = AmazonAccount.objects.filter(store__in=stores)
    return ConnectForm(stores, region, *args, accounts=own, **options)


def _account_named(request: HttpRequest) -> AmazonAccount | None:
    """Return the account that is to be authorised again, if one is named."""
    number = parameters.ACCOUNT.number(request)
    if number is None:
        return None
    rows = mine(AmazonAccount, request).select_related("store")
    account = get_mine(rows, request, pk=number)
    require_owner(request, account.store)
    return account


def _initial(
    request: HttpRequest, region: str, account: AmazonAccount | None
) -> dict[str, Any]:
    sites = [site.id for site in MARKETPLACES.values() if site.region == region]
    if account is None:
        store = parameters.STORE.of(request)
        return {"region": region, "marketplaces": sites, "store": store}
    left_out = account.participations.filter(is_selected=False)
    deselected = set(left_out.values_list("marketplace_id", flat=True))
    return {
        "region": region,
        "store": account.store_id,
        "account": account.pk,
        "marketplaces": [site for site in sites if site not in deselected],
    }


def _show_connect(
    request: HttpRequest, form: ConnectForm, region: str, account: AmazonAccount | None
) -> HttpResponse:
    context = {
        "form": form,
        "region": region,
        "regions": REGIONS.choices,
        "account": account,
        "stores": form.fields["store"].queryset,  # type: ignore[attr-defined]
    }
    return page(
        request,
        "channels_amazon/accounts/connect.html",
        context,
        title=_("Connect Amazon"),
        status=422 if form.errors else 200,
    )


def _show_preflight(request: HttpRequest, stores: QuerySet[Store]) -> HttpResponse:
    number = parameters.STORE.number(request)
    store = (stores if number is None else stores.filter(pk=number)).first()
    checks = []
    if store is not None:
        address = request.build_absolute_uri(reverse("amazon-callback"))
        checks = preflight.run_preflight(store, address)
    wrong = [check for check in checks if check.state != preflight.State.OK]
    errors = sum(check.state == preflight.State.ERROR for check in wrong)
    context = {
        "checks": checks,
        "wrong": len(wrong),
        "errors": errors,
        "is_fragment": True,
    }
    return page(request, "channels_amazon/accounts/parts/preflight.html", context)


def _show_appstore(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    template, title = "channels_amazon/accounts/appstore.html", _("Connect Amazon")
    if "failure" in context:
        return page(request, template, context, title=title, status=422)
    uri = context["form"].initial["amazon_callback_uri"]
    scheme, _slashes, rest = uri.partition("://")

    # The form is answered by a redirect to Seller Central, and browsers hold redirects
    # of forms to `form-action` too: the general policy names none of its hosts.
    @csp_update({"form-action": [f"{scheme}://{rest.partition('/')[0]}"]})
    def draw(request: HttpRequest) -> HttpResponse:
        return page(request, template, context, title=title)

    return cast(HttpResponse, draw(request))
