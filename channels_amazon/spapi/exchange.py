"""What is kept of a request and its answer where a call failed; pure, client layer.

Of calls that succeed nothing of it is kept: their answers are the orders and the stock
that we store, and no log could hold them all.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, TypedDict
from urllib.parse import parse_qsl

from channels_amazon.amazon_json import read_json
from channels_amazon.spapi.outline import dropped_values, outline_json, outline_query
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
    """Return what may be kept of a request with this query and body, and its answer.

    Amazon quotes in its answer what it refuses: what is not kept of the request is not
    kept there either.
    """
    kept: Exchange = {}
    names = dict(parse_qsl(query.lstrip("?"), keep_blank_values=True))
    if names:
        kept["query"] = _bounded(outline_query(names), len(query))
    sent = _read(body)
    if body:
        kept["sent"] = _body(body, sent)
    if reply is not None and reply.body:
        # Of a body that cannot be read nobody knows what is quoted.
        is_known = not body or sent is not None
        answered = _read(reply.body) if is_known else None
        quoted = {*dropped_values(names), *dropped_values(sent)}
        kept["answered"] = _body(reply.body, answered, quoted)
    return kept


def _read(body: bytes | None) -> Any:
    """Return the JSON of a body, None for a web page, a part, or what is too long."""
    if not body or len(body) > _MOST_READ:
        return None
    try:
        return read_json(body)
    except ValueError:
        return None


def _body(body: bytes, content: Any, quoted: Collection[str] = ()) -> Any:
    if content is None:
        return {"bytes": len(body)}
    return _bounded(outline_json(content, quoted), len(body))


def _bounded(value: Any, size: int) -> Any:
    text = json.dumps(value, ensure_ascii=False)
    return value if len(text.encode()) <= MOST_BYTES else {"bytes": size}
