"""The worker of gunicorn's that answers an address which is too long; no business code.

Such a request reaches no page of ours: gunicorn reads no further than its first line,
so neither the language nor the session of who asked is known.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from gunicorn.http.errors import LimitRequestLine
from gunicorn.util import write_nonblock
from gunicorn.workers.gthread import ThreadWorker

logger = logging.getLogger(__name__)

# No address of ours is so long but one that names hundreds of orders, which somebody
# wrote by hand: the lists choose 50 at most, and their page takes 200.
_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>414 · Shoplink</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body>
<h1>This address is too long.</h1>
<p>It names too much at once, and nothing was done. Choose fewer orders, at most 200, or
send many of them as a file.</p>
<p><a href="/admin/amazon/orders/?show=ship">Orders to ship</a> ·
<a href="/admin/amazon/ship-file/">Ship from a file</a></p>
<div lang="zh-Hans">
<h1>网址过长。</h1>
<p>一次选择的内容过多，未执行任何操作。
请少选一些订单（最多 200 个），或用文件批量发货。</p>
<p><a href="/admin/amazon/orders/?show=ship">待发货订单</a> ·
<a href="/admin/amazon/ship-file/">用文件批量发货</a></p>
</div>
</body>
</html>
"""


class Worker(ThreadWorker):  # type: ignore[misc]
    """Serves as gunicorn's threads do, and says of a long address what to do."""

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Any) -> None:
        """Answer what gunicorn could not read."""
        if not isinstance(exc, LimitRequestLine):
            super().handle_error(req, client, addr, exc)
            return
        logger.warning("address too long error=%s", exc)
        try:
            write_nonblock(client, answer())
        except OSError:
            logger.debug("the answer to a long address did not arrive")


def answer() -> bytes:
    """Return the whole answer to an address that is too long."""
    status = HTTPStatus.REQUEST_URI_TOO_LONG
    body = _PAGE.encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        "Connection: close\r\n"
        "Content-Type: text/html; charset=utf-8\r\n"
        "Content-Security-Policy: default-src 'none'\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "Cache-Control: no-store\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode("ascii") + body
