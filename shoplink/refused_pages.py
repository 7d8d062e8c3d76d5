"""Keeps whom a page was refused to, and where it was asked for from."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from channels_amazon.services.diagnostics.audit import Audited, audit_once
from channels_amazon.views.errors import is_csrf_failure
from channels_amazon.wording import Sentence, sentence
from shoplink.client_address import client_address
from shoplink.sign_in import as_one_word

logger = logging.getLogger(__name__)

_FORBIDDEN = 403
# A page refused to the same user again within this time is in the log alone, and so is
# what is above the number of pages: a page that asks every few seconds, and whoever
# tries one address after the other, would else fill the table.
_ONCE_WITHIN = timedelta(hours=1)
_MOST_PAGES = 20


class RefusedPagesMiddleware:
    """Write down the pages and forms that were refused to a user who is signed in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        response = self.get_response(request)
        if response.status_code == _FORBIDDEN:
            _write_down(request, is_form=is_csrf_failure(response))
        return response


def _write_down(request: HttpRequest, *, is_form: bool) -> None:
    user: Any = request.user
    address = client_address(request) or "-"
    # Encoded: a path may hold line ends, or what looks like another line of the log.
    page = f"{request.method} {quote(request.path, safe='/')}"[:100]
    name = as_one_word(user.get_username())
    logger.warning("page refused address=%s user=%s page=%s", address, name, page)
    if not user.is_authenticated:
        # A stranger must not be able to fill the table.
        return
    named = {"page": page, "user": name, "address": address}
    refusal = Audited(
        code="access.form_refused" if is_form else "access.refused",
        message=_of_form(named) if is_form else _of_page(named),
        # Without the ids and the method, of which there are as many as one likes.
        reference=request.resolver_match.view_name if request.resolver_match else "",
        actor=user.get_username(),
    )
    try:
        audit_once(refusal, _ONCE_WITHIN, most=_MOST_PAGES)
    except DatabaseError:
        # The answer stands all the same, and the line above is written.
        logger.exception("refused page not recorded")


def _of_page(named: dict[str, str]) -> Sentence:
    return sentence(
        "The page %(page)s was refused to %(user)s, who asked from %(address)s.",
        **named,
    )


def _of_form(named: dict[str, str]) -> Sentence:
    return sentence(
        "A form without the secret of its page was refused: %(page)s, sent in the "
        "session of %(user)s from %(address)s. The page was too old, or the form is "
        "another site's.",
        **named,
    )
