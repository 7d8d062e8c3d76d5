"""The only socket to Amazon: ships a prepared call, returns what came; client layer."""

from __future__ import annotations

import math
import os
import platform
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from types import TracebackType
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import default_headers, get_environ_proxies
from urllib3.exceptions import HTTPError, NameResolutionError, ReadTimeoutError

from channels_amazon.spapi.errors import DocumentUnreadable, Evidence, NetworkError
from channels_amazon.wording import Sentence, sentence

VERSION = "0.1"
# Seconds.
CONNECT_TIMEOUT = 5.0
# Bytes after decompression: the limit keeps a decompression bomb out of memory.
MAX_BODY = 32 * 1024 * 1024
# Variables that name a file of certificates, as requests knows them; the first counts.
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
# Bytes a read may return.
_CHUNK = 64 * 1024
# Seconds without a byte after which a download is given up, though it may take minutes
# in all.
_LONGEST_SILENCE = 30.0


def _escape(text: str, marks: str) -> str:
    return "".join("\\" + sign if sign in "\\" + marks else sign for sign in text)


def user_agent() -> str:
    """Return the name under which Amazon sees us, in the form that it prescribes."""
    language = _escape(f"Python/{platform.python_version()}", "=);")
    system = _escape(platform.system(), "=);")
    return f"Shoplink/{VERSION} (Language={language}; Platform={system})"


@dataclass(frozen=True, slots=True)
class PreparedCall:
    """A request as it goes over the wire, and the seconds it may take in all."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None
    timeout: float = 15.0
    operation: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it came, whole: header names in any case, seconds elapsed."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    elapsed: float


class Transport:
    """Sends calls, each over a kept connection of this process, thread and host.

    A connection is never shared between threads, nor with a process forked off. It
    follows no redirect, keeps no cookie, reads no .netrc and repeats nothing.
    Proxies and certificate bundles are taken from the usual environment variables.
    """

    def __init__(
        self, *, connect_timeout: float = CONNECT_TIMEOUT, max_body: int = MAX_BODY
    ) -> None:
        self._connect_timeout = connect_timeout
        self._limit = _Limit(max_body)
        usual = {name.lower(): value for name, value in default_headers().items()}
        self._headers = {**usual, "user-agent": user_agent()}
        self._pid = os.getpid()
        self._sessions: dict[tuple[int, str], requests.Session] = {}

    def __enter__(self) -> Transport:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections of this process; the transport stays usable."""
        sessions, self._sessions = self._sessions, {}
        if self._pid == os.getpid():
            for session in sessions.values():
                session.close()

    def send(self, call: PreparedCall) -> Reply:
        """Send the call once and return the whole answer, whatever its status.

        Raises NetworkError with the step that failed. The body may trickle, but not
        past the call's time; before it, no silence may be longer than that.
        """
        try:
            return self._exchange(
                call, lambda raw, status, end: b"".join(_pieces(raw, end, self._limit))
            )
        except _FOREIGN as error:
            raise _broken(call, error) from error

    def download(
        self, call: PreparedCall, write: Callable[[bytes], object], *, max_bytes: int
    ) -> Reply:
        """Send the call once and hand a good answer's body to `write` in pieces.

        The pieces are the bytes as they came, compressed or not; the reply's body is
        then empty. Of another answer the reply has the body, and nothing is written.
        Raises NetworkError as `send` does, and after half a minute of silence;
        DocumentUnreadable past `max_bytes`.
        """
        whole = _Limit(max_bytes, decodes=False, silence=_LONGEST_SILENCE)

        def read(raw: urllib3.HTTPResponse, status: int, deadline: float) -> bytes:
            if not 200 <= status < 300:
                return b"".join(_pieces(raw, deadline, _Limit(self._limit.size)))
            for part in _pieces(raw, deadline, whole):
                write(part)
            return b""

        # `from None`: the libraries' errors contain the URL, which may be a secret.
        try:
            return self._exchange(call, read, silence=_LONGEST_SILENCE)
        except _TooLarge:
            message = sentence(
                "The document of %(host)s is larger than %(size)s bytes.",
                host=urlsplit(call.url).netloc,
                size=max_bytes,
            )
            raise DocumentUnreadable(message, Evidence(call.operation)) from None
        except _FOREIGN as error:
            raise _broken(call, error) from None

    def _exchange(
        self, call: PreparedCall, read: _Read, *, silence: float = math.inf
    ) -> Reply:
        started = time.monotonic()
        longest_silence = min(call.timeout, silence)
        # Prepared without its session, which would spend as much again on the cookies
        # and settings that it does not have.
        request = requests.Request(
            call.method,
            call.url,
            headers={**self._headers, **call.headers},
            data=call.body,
            auth=_no_auth,
        )
        response = self._session(call.url).send(
            request.prepare(),
            timeout=(min(self._connect_timeout, longest_silence), longest_silence),
            allow_redirects=False,
            stream=True,
        )
        with response:
            body = read(response.raw, response.status_code, started + call.timeout)
        return Reply(
            status=response.status_code,
            headers=response.headers,
            body=body,
            elapsed=time.monotonic() - started,
        )

    def _session(self, url: str) -> requests.Session:
        if self._pid != os.getpid():
            # After a fork the parent owns these sockets: using or closing them here
            # would break its connections.
            self._pid, self._sessions = os.getpid(), {}
        key = (threading.get_ident(), urlsplit(url).netloc)
        session = self._sessions.get(key)
        if session is None:
            session = self._sessions[key] = _new_session(url)
        return session


class _TooLarge(requests.exceptions.ContentDecodingError):
    """The body has more bytes than it may."""


@dataclass(frozen=True, slots=True)
class _Limit:
    """The most bytes that are taken, and the longest silence between them, in seconds.

    Bytes are counted before a content encoding is undone, or after.
    """

    size: int
    decodes: bool = True
    silence: float = math.inf


_Read = Callable[[urllib3.HTTPResponse, int, float], bytes]
_FOREIGN = (requests.RequestException, HTTPError, OSError)


def _pieces(
    raw: urllib3.HTTPResponse, deadline: float, limit: _Limit
) -> Iterator[bytes]:
    size = 0
    # urllib3 drops the socket early where the server closes after this answer.
    socket = getattr(raw.connection, "sock", None)
    # read1 returns what has arrived instead of waiting for a full chunk, so that the
    # deadline is checked in between.
    while part := raw.read1(_CHUNK, decode_content=limit.decodes):
        size += len(part)
        if size > limit.size:
            raise _TooLarge("body too large")
        yield part
        left = deadline - time.monotonic()
        if left <= 0:
            raise requests.exceptions.ReadTimeout("body too slow")
        if socket is not None:
            socket.settimeout(min(left, limit.silence))


def _broken(call: PreparedCall, error: Exception) -> NetworkError:
    step = _step(error)
    parts = urlsplit(call.url)
    evidence = Evidence(operation=call.operation, host=parts.hostname or "")
    return NetworkError(_sentence(step, parts.netloc), evidence, step=step)


def _sentence(step: str, host: str) -> Sentence:
    """Return what broke at that step, in words."""
    return {
        "dns": sentence("The name %(host)s could not be resolved.", host=host),
        "connect": sentence("No connection to %(host)s could be made.", host=host),
        "tls": sentence("No secure connection to %(host)s could be made.", host=host),
        "proxy": sentence(
            "The proxy on the way to %(host)s refused or failed.", host=host
        ),
        "timeout": sentence("%(host)s did not answer in time.", host=host),
        "read": sentence("The answer of %(host)s broke off.", host=host),
    }[step]


def _new_session(url: str) -> requests.Session:
    """Return a session for the host of this address."""
    session = requests.Session()
    adapter = HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    # Left to itself it looks through the environment for these before each call, which
    # takes as long as a tenth of the call.
    session.trust_env = False
    session.proxies = get_environ_proxies(url)
    session.verify = next(filter(None, map(os.environ.get, _BUNDLES)), True)
    return session


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Sign in nobody: else requests makes a sign-in of a user in the address."""
    return request


def _step(error: Exception) -> str:
    """Name the step at which the call broke."""
    kinds: tuple[tuple[type[Exception], str], ...] = (
        (requests.exceptions.ProxyError, "proxy"),
        (requests.exceptions.SSLError, "tls"),
        (requests.exceptions.ConnectTimeout, "connect"),
        (requests.exceptions.ReadTimeout, "timeout"),
        (ReadTimeoutError, "timeout"),
        (TimeoutError, "timeout"),
    )
    for kind, step in kinds:
        if isinstance(error, kind):
            return step
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(reason, NameResolutionError):
        return "dns"
    if isinstance(reason, urllib3.exceptions.NewConnectionError):
        return "connect"
    return "read"
