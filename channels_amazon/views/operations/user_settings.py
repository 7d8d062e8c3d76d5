"""What a user chooses for themselves: the time zone of their pages; views layer."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from channels_amazon.forms.local_times import as_words
from channels_amazon.forms.user_settings import UserSettingsForm
from channels_amazon.services.accounts.user_settings import (
    choose_time_zone,
    settings_of,
)
from channels_amazon.views import local_time
from channels_amazon.views.base import page, store_page


@store_page
@require_http_methods(["GET", "HEAD", "POST"])
def user_settings(request: HttpRequest) -> HttpResponse:
    """Show in which zone the user's times are, and take another choice."""
    chosen = settings_of(request.user).time_zone
    browsers = local_time.browsers_zone(request)
    form = UserSettingsForm(
        request.POST if request.method == "POST" else None,
        chosen=chosen,
        unchosen=as_words(local_time.zone_unless_chosen(request)),
    )
    if form.is_bound and form.is_valid():
        choose_time_zone(request.user, form.cleaned_data["time_zone"])
        local_time.note(request)
        messages.success(request, _("Your settings are saved."))
        return redirect("amazon-user-settings")
    context = {
        "form": form,
        "zone": as_words(timezone.get_current_timezone()),
        "now": timezone.now(),
        "is_chosen": bool(chosen),
        "browsers_zone": as_words(browsers) if browsers else "",
    }
    return page(
        request,
        "channels_amazon/operations/user_settings.html",
        context,
        title=_("Your settings"),
        status=422 if form.errors else 200,
    )
