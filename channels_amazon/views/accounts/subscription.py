"""Subscribes an account to Amazon's order notifications by one button; views layer."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from channels_amazon.models import AmazonAccount, translated
from channels_amazon.services.accounts import subscriptions
from channels_amazon.services.health import reports
from channels_amazon.views.base import get_mine, mine, require_operator, store_page


@store_page
@require_POST
def subscribe(request: HttpRequest, account_id: int) -> HttpResponse:
    """Ask Amazon to send order notifications to our queue, or say what is missing."""
    account = get_mine(
        mine(AmazonAccount, request).select_related("store", "application"),
        request,
        pk=account_id,
    )
    require_operator(request, account.store)
    missing = subscriptions.subscribe(account, actor=request.user.get_username())
    if missing:
        messages.warning(request, translated(missing))
    else:
        messages.success(request, _("Amazon now sends order notifications to us."))
        # What the last check said of it is not so any more.
        reports.request_automatic(account)
    return redirect("amazon-status", account.pk)
