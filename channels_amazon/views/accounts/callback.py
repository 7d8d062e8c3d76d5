"""Where Amazon leads the merchant back to; views layer.

The address holds an authorisation code: every answer forbids to pass it on, and is a
redirect, so that it stays neither in the browser's bar nor in its history.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_safe

from channels_amazon.admin.site import site
from channels_amazon.errors import ShoplinkError
from channels_amazon.forms import parameters
from channels_amazon.services.accounts.oauth import OAuthCallback, redeem
from channels_amazon.views.accounts.connect import requester_of
from channels_amazon.views.accounts.connect_errors import failure_of
from channels_amazon.views.base import page, store_page

# Where the session keeps why its last authorisation failed.
_FAILURE_KEY = "amazon_authorization_outcome"
_PARAMETERS = (
    parameters.STATE,
    parameters.OAUTH_CODE,
    parameters.SELLING_PARTNER_ID,
    parameters.ERROR,
)


def callback(request: HttpRequest) -> HttpResponseBase:
    """Connect the account with what Amazon's redirect brought, or say why not."""
    if site.has_permission(request):
        response = _callback(request)
    else:
        # Without the query: a code has no place in another address.
        response = redirect_to_login(request.path, reverse("admin:login"))
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "no-store"
    return response


@store_page
@require_safe
def _callback(request: HttpRequest) -> HttpResponse:
    """Use up what the address holds; without it, show how this session failed last."""
    if any(one.is_given(request) for one in _PARAMETERS):
        return _redeem(request)
    failure: dict[str, Any] | None = request.session.get(_FAILURE_KEY)
    return page(
        request,
        "channels_amazon/accounts/not_connected.html",
        {"failure": failure},
        title=_("Not connected"),
        status=400,
    )


@sensitive_variables("oauth_callback")
def _redeem(request: HttpRequest) -> HttpResponse:
    oauth_callback = OAuthCallback(
        state=parameters.STATE.of(request),
        code=parameters.OAUTH_CODE.of(request),
        seller_id=parameters.SELLING_PARTNER_ID.of(request),
        error=parameters.ERROR.of(request),
    )
    try:
        account = redeem(oauth_callback, requester_of(request))
    except ShoplinkError as error:
        request.session[_FAILURE_KEY] = asdict(failure_of(error))
        return redirect("amazon-callback")
    request.session.pop(_FAILURE_KEY, None)
    return redirect("amazon-account-progress", account.pk)
