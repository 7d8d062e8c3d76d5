"""The two buttons of a paused installation, for superusers; views layer."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from channels_amazon.services.installation import decisions
from channels_amazon.views.base import store_page


@store_page
@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    """Let this host with its database be the installation."""
    decisions.confirm(actor=_superuser(request))
    messages.success(
        request,
        _(
            "This is the installation now: it reads the orders first, then it works. "
            "The other one must stay switched off."
        ),
    )
    return redirect("amazon-overview")


@store_page
@require_POST
def mark_copy(request: HttpRequest) -> HttpResponse:
    """Keep this database paused as a copy."""
    decisions.mark_copy(actor=_superuser(request))
    messages.success(request, _("This is a copy: it stays paused."))
    return redirect("amazon-overview")


def _superuser(request: HttpRequest) -> str:
    """Return the user's name; what concerns all stores is no matter of one's owner."""
    user: Any = request.user
    if not user.is_superuser:
        raise PermissionDenied(_("Only an administrator of the server may do this."))
    return str(user.get_username())
