"""The admin site with the project's look and front page; admin layer."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from channels_amazon.rules.installation.identity import Standing
from channels_amazon.services.diagnostics.actor import acting
from channels_amazon.services.installation import guard


class ShoplinkAdminSite(UnfoldAdminSite):  # type: ignore[misc]
    """Draw every signed-in page; the front page is the overview of the accounts."""

    site_title = "Shoplink"
    site_header = "Shoplink"
    index_title = _("Overview")

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Return what every page's frame needs, our style sheet and script included.

        The theme's colours come from our style sheet: the look would write them
        into the page, where the content security policy forbids them.
        """
        context: dict[str, Any] = super().each_context(request)
        context["colors"] = {}
        context |= _installation(request)
        context["styles"] = [
            *context["styles"],
            static("channels_amazon/theme.css"),
            static("channels_amazon/shoplink.css"),
        ]
        context["scripts"] = [
            *context["scripts"],
            static("channels_amazon/htmx_config.js"),
        ]
        return context

    def admin_view(
        self, view: Callable[..., HttpResponseBase], cacheable: bool = False
    ) -> Callable[..., HttpResponseBase]:
        """Return the guarded page; what it changes is the doing of who asks for it."""
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            with acting(request.user.get_username()):
                answer: HttpResponseBase = guarded(request, *args, **kwargs)
                return answer

        return page

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseRedirect:
        """Lead to the overview, which members without model permissions see too."""
        return HttpResponseRedirect(reverse("amazon-overview"))


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


site = ShoplinkAdminSite(name="admin")
