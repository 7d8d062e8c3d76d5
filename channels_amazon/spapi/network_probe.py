"""Probes the route to a host step by step: DNS to HTTP; client layer.

It sends no token and needs none: any answer of the host proves the route.
"""

from __future__ import annotations

import base64
import os
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPResponse
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies_environment, proxy_bypass

import certifi

from channels_amazon.spapi.clock import Clock, utc_now
from channels_amazon.spapi.transport import user_agent

# Seconds that each step may take.
TIMEOUT = 4.0
# Seconds. The Date header is cut to whole seconds, so on average it is half behind.
_HALF_SECOND = 0.5


@dataclass(frozen=True, slots=True)
class ProbeStep:
    """One step of the route; `fault` is "" when it succeeded.

    `name` is dns, connect, proxy, tls or http; `fault` one of the network codes' last
    words; `detail` what was seen, without secrets.
    """

    name: str
    seconds: float
    detail: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class ProbedRoute:
    """The route: its steps up to the first that failed, and the answer, if any.

    `skew` is by how many seconds the host's clock is ahead of ours.
    """

    host: str
    is_encrypted: bool
    steps: tuple[ProbeStep, ...]
    status: int | None = None
    skew: float | None = None

    @property
    def broken(self) -> ProbeStep | None:
        """Return the step that failed, None if the route is open."""
        return next((step for step in self.steps if step.fault), None)


class _Broken(Exception):
    """A step failed; `fault` says how."""

    def __init__(self, fault: str, detail: str) -> None:
        super().__init__(detail)
        self.fault = fault
        self.detail = detail


def probe(url: str, *, timeout: float = TIMEOUT, clock: Clock = utc_now) -> ProbedRoute:
    """Probe the route to the host of `url`, each step in at most `timeout` seconds."""
    route_probe = _RouteProbe(urlsplit(url), timeout, clock)
    try:
        route_probe.run()
    except _Broken:
        # The failed step has been recorded, and no later one can succeed without it.
        pass
    finally:
        route_probe.close()
    return ProbedRoute(
        host=route_probe.host,
        is_encrypted=route_probe.target.scheme == "https",
        steps=tuple(route_probe.steps),
        status=route_probe.status,
        skew=route_probe.skew,
    )


@dataclass
class _RouteProbe:
    """The state of one walk: the socket so far and the steps taken."""

    target: SplitResult
    timeout: float
    clock: Clock
    steps: list[ProbeStep] = field(default_factory=list)
    status: int | None = None
    skew: float | None = None
    _socket: socket.socket | None = None

    @property
    def host(self) -> str:
        return self.target.hostname or ""

    @property
    def port(self) -> int:
        return self.target.port or (443 if self.target.scheme == "https" else 80)

    def run(self) -> None:
        """Take step after step; raises _Broken at the first that fails."""
        proxy = _proxy_for(self.target)
        if proxy is None:
            addresses = self._take("dns", lambda: _look_up(self.host, self.port))
            self._take("connect", lambda: self._connect(addresses.split(", ")))
        else:
            self._take("proxy", lambda: self._through(proxy))
        if self.target.scheme == "https":
            self._take("tls", self._encrypt)
        self._take("http", lambda: self._ask(proxy is not None))

    def close(self) -> None:
        """Close the socket, if it ever was opened."""
        if self._socket is not None:
            self._socket.close()

    def _take(self, name: str, action: Callable[[], str]) -> str:
        began = time.monotonic()
        try:
            detail = action()
        except _Broken as broken:
            seconds = time.monotonic() - began
            self.steps.append(ProbeStep(name, seconds, broken.detail, broken.fault))
            raise
        self.steps.append(ProbeStep(name, time.monotonic() - began, detail))
        return detail

    def _connect(self, addresses: list[str]) -> str:
        last = ""
        for address in addresses:
            try:
                self._socket = socket.create_connection(
                    (address, self.port), timeout=self.timeout
                )
            except OSError as error:
                last = f"{address} port {self.port}: {_reason(error)}"
                continue
            return f"{address} port {self.port}"
        raise _Broken("connect", last)

    def _through(self, proxy: SplitResult) -> str:
        place = f"{proxy.hostname} port {proxy.port or 80}"
        try:
            self._socket = socket.create_connection(
                (proxy.hostname or "", proxy.port or 80), timeout=self.timeout
            )
            if self.target.scheme == "https":
                self._open_tunnel(proxy, place)
        except (OSError, HTTPException) as error:
            raise _Broken("proxy", f"{place}: {_reason(error)}") from error
        return place

    def _open_tunnel(self, proxy: SplitResult, place: str) -> None:
        head = [f"CONNECT {self.host}:{self.port} HTTP/1.1"]
        head += [f"Host: {self.host}:{self.port}", *_proxy_login(proxy)]
        answer = self._exchange(head, "CONNECT")
        if answer.status != 200:
            raise _Broken("proxy", f"{place} answered {answer.status}")

    def _encrypt(self) -> str:
        assert self._socket is not None  # noqa: S101  (a step earlier opened it)
        try:
            secured = _tls_context().wrap_socket(
                self._socket, server_hostname=self.host
            )
        except (OSError, ValueError) as error:
            raise _Broken("tls", _reason(error)) from error
        self._socket = secured
        certificate = secured.getpeercert() or {}
        return f"{secured.version()}, certificate until {certificate.get('notAfter')}"

    def _ask(self, is_proxied: bool) -> str:
        path = self.target.path or "/"
        if is_proxied and self.target.scheme == "http":
            path = f"http://{self.target.netloc}{path}"
        head = [
            f"GET {path} HTTP/1.1",
            f"Host: {self.target.netloc.rpartition('@')[2]}",
        ]
        head += [f"User-Agent: {user_agent()}", "Connection: close"]
        asked_at = self.clock()
        began = time.monotonic()
        try:
            answer = self._exchange(head, "GET")
        except TimeoutError as error:
            raise _Broken("timeout", f"no answer in {self.timeout:g} s") from error
        except (OSError, HTTPException) as error:
            raise _Broken("read", _reason(error)) from error
        self.status = answer.status
        date = _date(answer.getheader("Date"))
        if date is not None:
            half = (time.monotonic() - began) / 2
            self.skew = (date - asked_at).total_seconds() - half + _HALF_SECOND
        return f"answered {answer.status}"

    def _exchange(self, head: list[str], method: str) -> HTTPResponse:
        assert self._socket is not None  # noqa: S101  (a step earlier opened it)
        self._socket.settimeout(self.timeout)
        self._socket.sendall("\r\n".join([*head, "", ""]).encode("ascii", "replace"))
        answer = HTTPResponse(self._socket, method=method)
        answer.begin()
        return answer


def _look_up(host: str, port: int) -> str:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise _Broken("dns", _reason(error)) from error
    return ", ".join(dict.fromkeys(str(entry[4][0]) for entry in found))


def _proxy_for(target: SplitResult) -> SplitResult | None:
    """Return the proxy that the environment names for this host."""
    proxies = getproxies_environment()
    address = proxies.get(target.scheme) or proxies.get("all")
    if not address or proxy_bypass(target.netloc, proxies):
        return None
    return urlsplit(address if "://" in address else f"http://{address}")


def _proxy_login(proxy: SplitResult) -> list[str]:
    if not proxy.username:
        return []
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return [f"Proxy-Authorization: Basic {base64.b64encode(pair.encode()).decode()}"]


def _tls_context() -> ssl.SSLContext:
    """Return the certificates that the client itself trusts."""
    given = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    if given and os.path.isdir(given):
        return ssl.create_default_context(capath=given)
    return ssl.create_default_context(cafile=given or certifi.where())


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    said = getattr(error, "verify_message", "") or getattr(error, "strerror", "")
    return str(said or error or type(error).__name__)


def _date(text: str | None) -> datetime | None:
    try:
        date = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)
