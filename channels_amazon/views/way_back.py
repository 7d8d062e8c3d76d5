"""The way back for whoever has come where there is no page; views layer.

What was typed into a form is kept by the browser tab that sent it (kept_form.js), never
here: a cookie tells the tab that the server has not taken it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar
from urllib.parse import quote, urlsplit, urlunsplit

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme

Answer = TypeVar("Answer", bound=HttpResponseBase)

# Names the address of the form that was not taken; kept_form.js reads and removes it.
NOT_TAKEN = "shoplink_not_taken"
# Where a form stands that is not on the page above its address: the page, the part of
# the form's address that it has, too, and as which parameter, if not in its path.
_FORM_IS_ON: Mapping[str | None, tuple[str, str, str]] = {
    "amazon-endpoint-secret": ("amazon-store-endpoint", "store_id", "store"),
    "amazon-endpoint-set": ("amazon-store-endpoint", "store_id", "store"),
    "amazon-endpoint-test": ("amazon-store-endpoint", "store_id", "store"),
    "amazon-health-run": ("amazon-status", "account_id", ""),
    "amazon-order-retry": ("amazon-quarantine-list", "", ""),
    "amazon-ship-template-switch": ("amazon-ship-template-list", "", ""),
    "amazon-subscribe": ("amazon-status", "account_id", ""),
}
# As long as somebody may take to sign in again.
_KEPT_SECONDS = 30 * 60
_LONGEST_PATH = 500


def page_before(request: HttpRequest) -> str:
    """Return the page of ours from which the request came, "" for none."""
    before = request.headers.get("Referer", "")
    try:
        hosts = {request.get_host()}
    except DisallowedHost:
        return ""
    if not url_has_allowed_host_and_scheme(before, hosts, request.is_secure()):
        return ""
    parts = urlsplit(before)
    page = urlunsplit(("", "", parts.path, parts.query, ""))
    # Without its host it may begin as another one does ("//…").
    return page if url_has_allowed_host_and_scheme(page, None) else ""


def page_of_form(request: HttpRequest) -> str:
    """Return the page that shows the form of an address which takes forms alone."""
    match = request.resolver_match
    name = match.url_name if match else None
    if match is None or name not in _FORM_IS_ON:
        return page_above(request.path)
    page, part, parameter = _FORM_IS_ON[name]
    value = match.kwargs.get(part)
    if parameter:
        return f"{reverse(page)}?{parameter}={value}"
    return reverse(page, args=[value] if part else [])


def page_above(path: str) -> str:
    """Return the nearest page whose address the path begins with."""
    while path.count("/") > 2:
        path = path.rstrip("/").rpartition("/")[0] + "/"
        try:
            # The admin site's last pattern takes every address, and has no name.
            if resolve(path).url_name:
                return path
        except Resolver404:
            continue
    return reverse("amazon-overview")


def page_before_failing(request: HttpRequest) -> str:
    """Return where the reader was before this failed, "" where that is not known."""
    before = page_before(request)
    is_same = request.method == "GET" and urlsplit(before).path == request.path
    return "" if is_same else before


def is_person(request: HttpRequest) -> bool:
    """Tell whether somebody opens the address to look, rather than a program."""
    return request.method == "GET" and request.accepts("text/html")


def taken(request: HttpRequest, answer: Answer) -> Answer:
    """Let the browser know that the form was taken, whatever was said of it before.

    Another tab may have sent it again since, or the same one: what was typed must not
    stand in the form once more.
    """
    is_named = request.COOKIES.get(NOT_TAKEN) == _named(request)
    if request.method == "POST" and is_named and NOT_TAKEN not in answer.cookies:
        answer.delete_cookie(NOT_TAKEN, samesite="Lax")
    return answer


def _named(request: HttpRequest) -> str:
    return quote(request.path[:_LONGEST_PATH], safe="")


def not_taken(request: HttpRequest, answer: Answer) -> Answer:
    """Let the browser know that the form it sent was not taken, so it keeps it."""
    if request.method == "POST":
        answer.set_cookie(
            NOT_TAKEN,
            _named(request),
            max_age=_KEPT_SECONDS,
            secure=settings.SESSION_COOKIE_SECURE,
            samesite="Lax",
        )
    return answer
