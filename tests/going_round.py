"""Lets Amazon's pages go round, through the proxy of tests/amazon_proxy.py."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from tests.amazon_proxy import Answer, Asked, Forward, Spoiler, Spoilt, refused_token

# The query's parameters that hold a page's token, and the fields of pages with rows.
_TOKENS = ("paginationToken", "pageToken", "nextToken")
_ROWS = frozenset({"orders", "items", "inventorySummaries"})


def going_round(tokens: Iterator[str], *, is_empty: bool = False) -> Spoiler:
    """Give a search's first page again and again, each time with the next of `tokens`.

    Amazon sees the first request only. With `is_empty` the pages have no rows.
    """
    firsts: dict[str, Answer] = {}

    def spoil(asked: Asked, forward: Forward) -> Spoilt:
        key = f"{urlsplit(asked.path).path} {asked.query.get('marketplaceIds')}"
        if not asks_for_next(asked):
            firsts[key] = forward()
        answer = firsts[key]
        content = answer.content
        content["pagination"] = {"nextToken": next(tokens)}
        for holder in (content, content.get("payload") or {}):
            for name in _ROWS & holder.keys() if is_empty else ():
                holder[name] = []
        return replace(answer, body=json.dumps(content).encode())

    return spoil


def never_ending(tokens: Iterator[str]) -> Spoiler:
    """Name a next page after the first, and refuse its token each time."""
    give, refuse = going_round(tokens), refused_token()

    def spoil(asked: Asked, forward: Forward) -> Spoilt:
        return (refuse if asks_for_next(asked) else give)(asked, forward)

    return spoil


def asks_for_next(asked: Asked) -> bool:
    """Tell whether a request is for a page after the first."""
    return any(asked.query.get(name) for name in _TOKENS)
