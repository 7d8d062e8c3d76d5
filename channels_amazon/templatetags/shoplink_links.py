"""Tags that show order ids as links to their pages; views layer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django import template
from django.template import Context
from django.utils.html import conditional_escape, format_html, format_html_join

from channels_amazon.views.order_links import addresses_in, addresses_of, parts_of

register = template.Library()


@register.simple_tag(takes_context=True)
def order_links(context: Context, rows: Iterable[Any]) -> dict[str, str]:
    """Return the pages of all orders that these rows of a log speak of.

    None in a file, which is read away from our pages.
    """
    request = context.get("request")
    return addresses_of(request, rows) if request is not None else {}


@register.simple_tag(takes_context=True)
def finding_links(context: Context, trees: Iterable[Any]) -> dict[str, str]:
    """Return the pages of all orders that findings name; none in a file."""
    request = context.get("request")
    return addresses_in(request, _texts_of(trees)) if request is not None else {}


@register.filter
def as_json(value: Any) -> str:
    """Return what a body held as JSON that people can read."""
    return json.dumps(value, ensure_ascii=False, indent=2)


@register.simple_tag
def linked(text: Any, addresses: Mapping[str, str] | str = "") -> str:
    """Show a text with each order id in it as a link to the order's page."""
    said = str(text or "")
    if not addresses or isinstance(addresses, str):
        return conditional_escape(said)
    return format_html_join(
        "", "{}", ((_piece(part, to),) for part, to in parts_of(said, addresses))
    )


def _piece(text: str, address: str) -> Any:
    return format_html('<a href="{}">{}</a>', address, text) if address else text


def _texts_of(trees: Iterable[Any]) -> Iterator[str]:
    for tree in trees:
        yield from (tree.finding.cause, tree.finding.fix)
        for _label, values in tree.evidence:
            yield from values
        yield from _texts_of(tree.echoes)
