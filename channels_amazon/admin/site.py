"""The admin site with the project's look and front page; admin layer."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import (
    HttpRequest,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.http.response import HttpResponseBase
from django.templatetags.static import static
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.sites import UnfoldAdminSite

from channels_amazon.forms import parameters
from channels_amazon.rules.installation.identity import Standing
from channels_amazon.services.diagnostics.actor import acting
from channels_amazon.services.installation import guard
from channels_amazon.views import way_back


class ShoplinkAdminSite(UnfoldAdminSite):  # type: ignore[misc]
    """Draw every signed-in page; the front page is the overview of the accounts."""

    site_title = "Shoplink"
    site_header = "Shoplink"
    index_title = gettext_lazy("Overview")

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Return what every page's frame needs, our style sheet and script included."""
        context: dict[str, Any] = super().each_context(request)
        context |= _installation(request)
        context["styles"] = [
            *context["styles"],
            static("channels_amazon/theme.css"),
            static("channels_amazon/shoplink.css"),
        ]
        context["scripts"] = [
            *context["scripts"],
            static("channels_amazon/kept_form.js"),
        ]
        return context

    def get_app_list(
        self, request: HttpRequest, app_label: str | None = None
    ) -> list[dict[str, Any]]:
        """Return the models of an application; of all of them none.

        Django makes that list for each page, with who may do what to every model. Here
        nothing draws it: the side bar has entries of its own.
        """
        if app_label is None:
            return []
        apps: list[dict[str, Any]] = super().get_app_list(request, app_label)
        return apps

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        """Return the groups of the side bar as they are drawn.

        The look would copy them, and look for words in them that name functions.
        """
        navigation = import_string(settings.UNFOLD["SIDEBAR"]["navigation"])
        groups: list[dict[str, Any]] = navigation(request)
        return groups

    def _get_colors(self, key: str, *args: Any) -> dict[str, Any]:
        """Return none: they come from our style sheet.

        The look would write them into the page, where the content security policy
        forbids them.
        """
        return {}

    def admin_view(
        self, view: Callable[..., HttpResponseBase], cacheable: bool = False
    ) -> Callable[..., HttpResponseBase]:
        """Guard a page; a form that comes without a session leads to the sign-in.

        From there it goes on at the page that showed the form, where what was typed
        stands again. Where an address takes forms alone, who opens it is led to the
        page above it. What the page changes is the doing of who asks for it.
        """
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            is_sent = request.method not in {"GET", "HEAD", "OPTIONS"}
            if is_sent and not self.has_permission(request) and not _leaves(request):
                return _sign_in_first(request)
            with acting(request.user.get_username()):
                answer: HttpResponseBase = guarded(request, *args, **kwargs)
            is_action = isinstance(answer, HttpResponseNotAllowed)
            if is_action and way_back.is_person(request):
                return HttpResponseRedirect(way_back.page_of_form(request))
            return answer

        return page

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseRedirect:
        """Lead to the overview, which members without model permissions see too."""
        return HttpResponseRedirect(reverse("amazon-overview"))

    def search(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseRedirect:
        """Lead to the search over everything: the look's own asks row by row."""
        query = urlencode({"q": parameters.LOOKS_SEARCH.of(request)})
        return HttpResponseRedirect(f"{reverse('amazon-search')}?{query}")


def _installation(request: HttpRequest) -> dict[str, Any]:
    """Return why nothing is done, where that is so, for those who are signed in."""
    if not request.user.is_authenticated:
        return {}
    state = guard.state()
    if state.may_work:
        return {}
    return {
        "installation_paused": guard.why_paused(state.standing),
        "installation_is_copy": state.standing == Standing.COPY,
    }


def _leaves(request: HttpRequest) -> bool:
    return request.path == reverse("admin:logout")


def _sign_in_first(request: HttpRequest) -> HttpResponseRedirect:
    if not request.user.is_authenticated:
        messages.warning(
            request,
            _(
                "Your session has ended, so what you sent was not saved: sign in, and "
                "what you typed stands in the form again."
            ),
        )
    shown = way_back.page_before(request) or request.path
    answer = redirect_to_login(shown, reverse("admin:login"))
    return way_back.not_taken(request, answer)


site = ShoplinkAdminSite(name="admin")
