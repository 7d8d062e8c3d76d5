"""The pages for what went wrong, drawn without the admin's look; views layer."""

from __future__ import annotations

from typing import Any, cast

from csp.constants import NONE, SELF
from csp.decorators import csp_replace
from django.conf import settings
from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from channels_amazon.views import way_back

# These pages run no script at all.
PLAIN_POLICY: dict[str, Any] = {"script-src": [NONE], "form-action": [SELF]}
# What marks an answer, so that it is not taken for a page the user may not see.
_CSRF_FAILURE = "_is_csrf_failure"


def bad_request(
    request: HttpRequest, exception: Exception | None = None
) -> HttpResponse:
    """Answer a request that makes no sense, or that names too much to be read."""
    if isinstance(exception, TooManyFieldsSent):
        most = f"{settings.DATA_UPLOAD_MAX_NUMBER_FIELDS:,}"
        reason = _("More than %(most)s things are chosen at once: choose fewer.")
        return _answer(request, 400, reason % {"most": most})
    return _answer(request, 400, _("This request makes no sense to us."))


def not_understood(request: HttpRequest, reason: str) -> HttpResponse:
    """Answer who wants a file of rows by a filter that says nothing clear."""
    return _answer(request, 400, reason)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a member whose role does not allow what was asked."""
    reason = str(exception) or _("You are not allowed to do this.")
    return _answer(request, 403, reason)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer for a page that is not there, or not there for this user."""
    return _answer(request, 404, _("There is no such page for you."))


def too_large(request: HttpRequest) -> HttpResponse:
    """Answer a form or a file that is larger than its page takes; it was not read."""
    return _answer(request, 413, _("What you sent is too large for this page."))


def length_required(request: HttpRequest) -> HttpResponse:
    """Answer a body that does not say how long it is; no browser sends one."""
    return _answer(request, 411, _("What you sent does not say how long it is."))


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer when we failed; nothing here may need the database."""
    return _answer(request, 500, _("Something failed on our side."))


def too_many_sign_ins(request: HttpRequest) -> HttpResponse:
    """Answer whoever failed to sign in too often, whether the password is right now."""
    seconds = int(settings.AXES_COOLOFF_TIME.total_seconds())
    minutes = -(-seconds // 60)
    reason = ngettext(
        "Too many failed sign-ins. Wait %(minutes)d minute and try again.",
        "Too many failed sign-ins. Wait %(minutes)d minutes and try again.",
        minutes,
    )
    answer = _answer(request, 429, reason % {"minutes": minutes})
    answer["Retry-After"] = str(seconds)
    return answer


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that was sent without its secret, mostly from an old page."""
    reason = _("This form is too old: what you typed stands in a new one.")
    answer = _answer(request, 403, reason)
    setattr(answer, _CSRF_FAILURE, True)
    return answer


def is_csrf_failure(answer: HttpResponse) -> bool:
    """Tell whether the answer refuses a form that was sent without its secret."""
    return bool(getattr(answer, _CSRF_FAILURE, False))


def _answer(request: HttpRequest, status: int, reason: str) -> HttpResponse:
    context = {
        "status": status,
        "reason": reason,
        "before": way_back.page_before_failing(request),
        "above": way_back.page_above(request.path),
        "is_form": request.method == "POST",
    }

    @csp_replace(PLAIN_POLICY)
    def draw(request: HttpRequest) -> HttpResponse:
        return render(request, "channels_amazon/error.html", context, status=status)

    return way_back.not_taken(request, cast(HttpResponse, draw(request)))
