"""Searches orders by a name that stays out of addresses and logs; views layer.

A search of the list is an address, and addresses land in access logs, in histories and
in what people send each other. So a name comes by POST and becomes keyed hashes at
once; these wait in the session under a random word, which is all that the address
holds. The word is of no use in another session, and what it leads to is asked again,
page by page, only of stores whose personal data the reader may see.
"""

from __future__ import annotations

import secrets

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from channels_amazon.forms import parameters
from channels_amazon.forms.filters import NameForm
from channels_amazon.models import Order, Store
from channels_amazon.services.privacy import name_search
from channels_amazon.views.base import store_page, stores_with_personal_data

_SESSION_KEY = "name_searches"
# Of a session: more would only make it heavy.
_MOST_KEPT = 5


@store_page
@require_POST
def order_search(request: HttpRequest) -> HttpResponse:
    """Look for a buyer or recipient by name; who did is recorded, the name is not."""
    stores = stores_with_personal_data(request.user)
    if not stores:
        raise PermissionDenied(
            _("Your membership of this store does not show personal data.")
        )
    form = NameForm(request.POST)
    digests: name_search.Digests = []
    if form.is_valid():
        name = form.cleaned_data["name"]
        digests = name_search.search(name, stores=stores, user=request.user)
    address = reverse("amazon-order-list")
    if not digests:
        messages.warning(request, _("Enter a name of letters to search for."))
        return redirect(address)
    return redirect(f"{address}?named={_keep(request, digests)}")


def narrowed(
    request: HttpRequest, orders: QuerySet[Order], stores: list[Store]
) -> QuerySet[Order]:
    """Return what of `orders` the search by name in the address lets through.

    Of a search that has ended, or is another session's, nothing is left.
    """
    word = parameters.NAMED.of(request)
    if not word:
        return orders
    digests = request.session.get(_SESSION_KEY, {}).get(word, [])
    return name_search.found(orders, digests, stores=stores)


def has_ended(request: HttpRequest) -> bool:
    """Tell whether the address names a search that this session does not have."""
    word = parameters.NAMED.of(request)
    return bool(word) and word not in request.session.get(_SESSION_KEY, {})


def _keep(request: HttpRequest, digests: name_search.Digests) -> str:
    word = secrets.token_urlsafe(12)
    kept = list(request.session.get(_SESSION_KEY, {}).items())[1 - _MOST_KEPT :]
    request.session[_SESSION_KEY] = dict([*kept, (word, digests)])
    return word
