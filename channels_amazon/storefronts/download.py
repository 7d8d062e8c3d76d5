"""Fetches one small file from a server that is not Amazon's; storefronts layer.

Through `requests`, so that proxies and certificates are taken from the usual variables
of the environment. What a server drips, floods or packs to be large is given up: the
whole of a download ends by its deadline, and has its number of bytes at most.
"""

from __future__ import annotations

import socket
import threading
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, NameResolutionError, ReadTimeoutError

from channels_amazon.storefronts.deadline import Deadline
from channels_amazon.wording import Sentence, sentence

CONNECT_SECONDS = 5.0
# Each leads to another place on the same server.
MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CHUNK = 16 * 1024
# What zlib calls a stream with the header of gzip.
_GZIP = 31
# What reading from a server raises, or from a socket that was closed meanwhile.
_FOREIGN = (
    requests.RequestException,
    HTTPError,
    HTTPException,
    OSError,
    ValueError,
    zlib.error,
)
_Connection = Any


class DownloadFailed(Exception):
    """There is no file; `reason` says why, in a sentence."""

    def __init__(self, reason: Sentence) -> None:
        super().__init__(reason)
        self.reason = reason


def download(url: str, *, most_bytes: int, seconds: float) -> bytes:
    """Return the file at the address, unpacked, of `most_bytes` at most.

    Takes `seconds` for all of it: the name, the connection, headers and body. Follows
    no redirect to another host, port or scheme. Raises DownloadFailed.
    """
    fetching = _Fetch(url, most_bytes, Deadline.after(seconds))
    # A name that is being resolved, or headers that drip, cannot be interrupted.
    working = threading.Thread(target=fetching.run, name="download", daemon=True)
    working.start()
    working.join(seconds)
    if working.is_alive():
        fetching.hang_up()
        raise DownloadFailed(_too_slow(url))
    return fetching.result()


@dataclass(slots=True)
class _Fetch:
    """One download, in a thread of its own."""

    url: str
    most_bytes: int
    deadline: Deadline
    content: bytes | None = None
    reason: Sentence | None = None
    is_over: bool = False
    connections: list[_Connection] = field(default_factory=list)

    def run(self) -> None:
        """Fetch the file, or keep why it cannot be had."""
        try:
            with requests.Session() as session:
                adapter = _Remembering(self.remember)
                session.mount("https://", adapter)
                session.mount("http://", adapter)
                # Else .netrc would be read for a sign-in.
                session.auth = _no_auth
                self.content = self._follow(session)
        except DownloadFailed as error:
            self.reason = error.reason
        except _FOREIGN as error:
            self.reason = _reason(self.url, error)

    def result(self) -> bytes:
        """Return the file; raises DownloadFailed where there is none."""
        if self.content is None:
            raise DownloadFailed(self.reason or _broken_off(self.url))
        return self.content

    def remember(self, connection: _Connection) -> None:
        """Keep a connection that is to be opened, for `hang_up`."""
        connect = connection.connect

        def connect_in_time() -> None:
            connect()
            # A name may have been resolved long after everybody stopped waiting.
            if self.is_over:
                raise TimeoutError("The deadline has passed.")

        connection.connect = connect_in_time
        self.connections.append(connection)

    def hang_up(self) -> None:
        """Close what is open, and open nothing more, so that the thread ends, too."""
        self.is_over = True
        for connection in self.connections:
            opened = getattr(connection, "sock", None)
            if opened is not None:
                with suppress(OSError):
                    # Below TLS, which would say good-bye first.
                    socket.socket.shutdown(opened, socket.SHUT_RDWR)

    def _follow(self, session: requests.Session) -> bytes:
        url = self.url
        for _number in range(MOST_REDIRECTS + 1):
            left = self.deadline.left()
            answer = session.get(
                url,
                headers={"user-agent": "Shoplink", "accept-encoding": "gzip"},
                timeout=(min(CONNECT_SECONDS, left), left),
                allow_redirects=False,
                stream=True,
            )
            with answer:
                if answer.status_code == 200:
                    return self._body(answer)
                location = answer.headers.get("location", "")
                if answer.status_code not in _REDIRECTS or not location:
                    raise DownloadFailed(_answered(url, answer.status_code))
                url = _same_place(url, urljoin(url, location))
        raise DownloadFailed(
            sentence("%(host)s leads from one address to the next.", host=_host(url))
        )

    def _body(self, answer: requests.Response) -> bytes:
        raw: urllib3.HTTPResponse = answer.raw
        content = b""
        # Not decoded by the library, which would unpack as much as there is.
        while part := raw.read1(_CHUNK, decode_content=False):
            content += part
            if len(content) > self.most_bytes:
                raise DownloadFailed(_too_large(self.url))
            self.deadline.left()
        packed = answer.headers.get("content-encoding", "").strip().lower()
        if packed in {"", "identity"}:
            return content
        if packed != "gzip":
            raise DownloadFailed(_broken_off(self.url))
        return self._unpacked(content)

    def _unpacked(self, content: bytes) -> bytes:
        unpacking = zlib.decompressobj(_GZIP)
        unpacked = unpacking.decompress(content, self.most_bytes + 1)
        if len(unpacked) > self.most_bytes:
            raise DownloadFailed(_too_large(self.url))
        if not unpacking.eof:
            raise DownloadFailed(_broken_off(self.url))
        return unpacked


class _Remembering(HTTPAdapter):
    """Tells of each connection before it is opened."""

    def __init__(self, tell: Callable[[_Connection], object]) -> None:
        self._tell = tell
        super().__init__(max_retries=0)

    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> Any:
        """Return the pool for a request, whose connections are told of."""
        pool: Any = super().get_connection_with_tls_context(*args, **options)
        opens, tell = pool.ConnectionCls, self._tell

        def opened(*given: Any, **named: Any) -> _Connection:
            connection = opens(*given, **named)
            tell(connection)
            return connection

        pool.ConnectionCls = opened
        return pool


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _same_place(before: str, after: str) -> str:
    """Return the address that a redirect leads to, on the same server."""
    if _server(urlsplit(before)) != _server(urlsplit(after)):
        raise DownloadFailed(
            sentence(
                "%(host)s leads to another address, %(other)s, which is not followed.",
                host=_host(before),
                other=f"{urlsplit(after).scheme}://{_host(after)}",
            )
        )
    return after


def _server(parts: SplitResult) -> tuple[str, str | None, int | None]:
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, parts.hostname, parts.port or usual


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _reason(url: str, error: Exception) -> Sentence:
    host = _host(url)
    if isinstance(error, requests.exceptions.ProxyError):
        return sentence(
            "The proxy on the way to %(host)s refused or failed.", host=host
        )
    if isinstance(error, requests.exceptions.SSLError):
        return sentence("No secure connection to %(host)s could be made.", host=host)
    timeouts = (requests.exceptions.Timeout, ReadTimeoutError, TimeoutError)
    if isinstance(error, timeouts):
        return _too_slow(url)
    cause = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(cause, NameResolutionError):
        return sentence("The name %(host)s could not be resolved.", host=host)
    if isinstance(cause, urllib3.exceptions.NewConnectionError):
        return sentence("No connection to %(host)s could be made.", host=host)
    return _broken_off(url)


def _too_slow(url: str) -> Sentence:
    return sentence("%(host)s did not answer in time.", host=_host(url))


def _too_large(url: str) -> Sentence:
    return sentence("The file of %(host)s is too large.", host=_host(url))


def _broken_off(url: str) -> Sentence:
    return sentence("The answer of %(host)s broke off.", host=_host(url))


def _answered(url: str, status: int) -> Sentence:
    return sentence("%(host)s answered %(status)s.", host=_host(url), status=status)
