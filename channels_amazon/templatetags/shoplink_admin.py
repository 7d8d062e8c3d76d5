"""Tags of the admin's own lists and frame; views layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.functional import Promise
from django.utils.translation import ngettext_lazy

from channels_amazon.views.local_time import zone_the_browser_may_change

register = template.Library()

# How many rows there are of each kind: Chinese has a measure word for each, so that a
# number before a name does not do.
_COUNTED: Mapping[str, Promise] = {
    "accessfailurelog": ngettext_lazy(
        "%(count)d failed sign-in", "%(count)d failed sign-ins", "count"
    ),
    "auditentry": ngettext_lazy(
        "%(count)d audit entry", "%(count)d audit entries", "count"
    ),
    "category": ngettext_lazy("%(count)d category", "%(count)d categories", "count"),
    "group": ngettext_lazy("%(count)d group", "%(count)d groups", "count"),
    "product": ngettext_lazy("%(count)d product", "%(count)d products", "count"),
    "store": ngettext_lazy("%(count)d store", "%(count)d stores", "count"),
    "storemember": ngettext_lazy("%(count)d member", "%(count)d members", "count"),
    "user": ngettext_lazy("%(count)d user", "%(count)d users", "count"),
    "variant": ngettext_lazy("%(count)d variant", "%(count)d variants", "count"),
    "warehouse": ngettext_lazy("%(count)d warehouse", "%(count)d warehouses", "count"),
}


@register.simple_tag
def rows_counted(changelist: Any) -> str:
    """Return how many rows an admin list has, in words."""
    words = _COUNTED[changelist.opts.model_name]
    return str(words % {"count": changelist.result_count})


@register.simple_tag(takes_context=True)
def zone_to_compare(context: Mapping[str, Any]) -> str:
    """Return the zone of a page that may come anew by the browser's clocks, else "".

    Not the answer to a form, which a reload would send again, nor a page that holds
    messages, which come once.
    """
    request = context.get("request")
    if request is None or request.method != "GET" or context.get("messages"):
        return ""
    return zone_the_browser_may_change(request)
