"""What the list pages share: tabs, filter, rows and their frame; views layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise

from channels_amazon.forms.filters import FilterForm
from channels_amazon.forms.parameters import without
from channels_amazon.views.base import is_fragment, page
from channels_amazon.views.pagination import Slice


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab above a list; a `count` that is not None stands beside its label."""

    label: str | Promise
    address: str
    is_current: bool
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    """How a list is drawn.

    `template` extends list_page.html, `rows` is the part of it that htmx asks for; both
    lie below templates/channels_amazon/. `url_name` is the list without any filter. The
    first page asks for its rows anew every `refresh_seconds`, 0 is never.
    """

    title: str | Promise
    template: str
    rows: str
    url_name: str
    refresh_seconds: int = 0


def list_page(
    request: HttpRequest,
    drawn: ListPage,
    shown: Slice[Any],
    context: Mapping[str, Any],
    *,
    form: FilterForm | None = None,
) -> TemplateResponse:
    """Return the page of a list, or its rows alone where htmx asks for them.

    `context` is what the list shows beyond its frame; where a list differs from the
    others it replaces a value of the frame: `tabs`, `hidden` (what the filter sends
    along unseen), `clear_address`, `is_narrowed`, `refresh_seconds`.
    """
    fragment = is_fragment(request)
    frame: dict[str, Any] = {
        "slice": shown,
        "query": without(request, "after"),
        "is_fragment": fragment,
        "rows_template": f"channels_amazon/{drawn.rows}",
        "clear_address": reverse(drawn.url_name),
        "refresh_seconds": drawn.refresh_seconds if shown.is_first else 0,
    }
    if form is not None:
        frame |= {
            "form": form,
            "tabs": show_tabs(request, form),
            "hidden": {"show": form.chosen("show")},
            "is_narrowed": form.is_narrowed,
        }
    if form is not None and form.refusal:
        # The rows would bring their sentence, which speaks of what is shown.
        context = {**context, "refresh_seconds": 0}
    template = drawn.rows if fragment else drawn.template
    return page(
        request,
        f"channels_amazon/{template}",
        {**frame, **context},
        title=str(drawn.title),
    )


def show_tabs(
    request: HttpRequest, form: FilterForm, counts: Mapping[Any, int] | None = None
) -> list[Tab]:
    """Return a tab for each choice of the filter's `show`; it keeps the other fields.

    `counts` says by choice how many rows each tab holds; none where nothing is shown.
    """
    rest = without(request, "after", "show")
    return [
        Tab(
            label=label,
            address="?" + "&".join(filter(None, (rest, key and f"show={key}"))),
            is_current=key == form.chosen("show"),
            count=None if form.errors else (counts or {}).get(key),
        )
        for key, label in form.SHOWN
    ]
