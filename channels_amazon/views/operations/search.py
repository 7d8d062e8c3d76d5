"""The search over everything: ids and pages, and straight to what is meant; views."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from channels_amazon.forms import parameters
from channels_amazon.forms.filters import OrderFilter
from channels_amazon.views.base import is_fragment, page, store_page
from channels_amazon.views.operations.search_hits import (
    find,
    is_named,
    may_be_cut,
    only_exact,
)


@store_page
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Show what a text names; lead there where one thing has exactly that id.

    The part that htmx asks for while somebody types leads nowhere.
    """
    # Asked of the form, too: a text that is too long finds nothing, and is not cut.
    text = parameters.Q.of(request).strip()
    form = OrderFilter(parameters.filter_data(request, "q"), ())
    is_typing = is_fragment(request)
    groups = find(request, form, is_quick=is_typing)
    context = {
        "q": text,
        "groups": groups,
        "found": sum(len(group.hits) for group in groups),
        "is_cut": any(group.is_cut for group in groups),
        # What is the whole id of something says it all: nothing more is called so.
        "may_be_cut": may_be_cut(form, groups),
        "note": "" if is_named(groups) else form.cut_note,
        "refusal": form.refusal,
        "hint": form.order_id_hint,
    }
    if is_typing:
        template = "channels_amazon/operations/parts/search_results.html"
        return page(request, template, context)
    if link := only_exact(groups):
        return redirect(link)
    template = "channels_amazon/operations/search.html"
    return page(request, template, context, title=_("Search"))
