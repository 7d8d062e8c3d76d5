"""The search over everything: ids and pages, and straight to what is meant; views."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from channels_amazon.forms import parameters
from channels_amazon.forms.filters import OrderFilter
from channels_amazon.views.base import is_fragment, page, store_page
from channels_amazon.views.operations.search_hits import MOST, find, only_exact


@store_page
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Show what a text names; lead there where one thing has exactly that id.

    The part that htmx asks for while somebody types leads nowhere.
    """
    text = parameters.Q.of(request).strip()
    form = OrderFilter({"q": text}, ())
    groups = find(request, form)
    context = {
        "q": text,
        "groups": groups,
        "found": sum(len(group.hits) for group in groups),
        "is_cut": any(len(group.hits) >= MOST for group in groups),
        "hint": " ".join(filter(None, (form.cut_note, form.order_id_hint))),
    }
    if is_fragment(request):
        template = "channels_amazon/operations/parts/search_results.html"
        return page(request, template, context)
    if link := only_exact(groups):
        return redirect(link)
    template = "channels_amazon/operations/search.html"
    return page(request, template, context, title=_("Search"))
