"""What is kept of a request and its answer where a call failed; pure, client layer.

Of calls that succeed nothing of it is kept: their answers are the orders and the stock
that we store, and no log could hold them all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypedDict
from urllib.parse import parse_qsl

from channels_amazon.amazon_json import read_json
from channels_amazon.spapi.redact import outline_json
from channels_amazon.spapi.transport import Reply

# Bytes of a body as it is kept, beyond which only its size is.
MOST_BYTES = 4000
# A body beyond it is not even read for the log; a failed call's is far smaller.
_MOST_READ = 256 * 1024


class Exchange(TypedDict, total=False):
    """A request and its answer, redacted and cut: `ApiCall.exchange`.

    `query` are the names and values of the address; `sent` and `answered` the bodies as
    JSON, missing where there was none. What is too long or no JSON is {"bytes": n}.
    """

    query: dict[str, Any]
    sent: Any
    answered: Any


def exchange_of(query: str, body: bytes | None, reply: Reply | None) -> Exchange:
    """Return what may be kept of a request with this query and body, and its answer."""
    kept: Exchange = {}
    if pairs := parse_qsl(query.lstrip("?"), keep_blank_values=True):
        names: Mapping[str, str] = dict(pairs)
        kept["query"] = _bounded(outline_json(names), len(query))
    if body:
        kept["sent"] = _body(body)
    if reply is not None and reply.body:
        kept["answered"] = _body(reply.body)
    return kept


def _body(body: bytes) -> Any:
    if len(body) > _MOST_READ:
        return {"bytes": len(body)}
    try:
        content = read_json(body)
    except ValueError:
        # A web page, or cut off on its way: it may hold anything.
        return {"bytes": len(body)}
    return _bounded(outline_json(content), len(body))


def _bounded(value: Any, size: int) -> Any:
    text = json.dumps(value, ensure_ascii=False)
    return value if len(text.encode()) <= MOST_BYTES else {"bytes": size}
