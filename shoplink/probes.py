"""The probes a process supervisor or load balancer asks; no business code.

They are answered before anything else looks at the request: a probe asks the process
itself, by whatever name or number it reaches it, without https. No other address
becomes reachable by a foreign name through that.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.health import write_proof
from channels_amazon.services.health.processes import is_alive

logger = logging.getLogger(__name__)

# A look costs a commit. Whoever asks more often is told what the last one found.
KEPT_SECONDS = 1.0
# A look that takes longer than a write may wait for its lock, and this, hangs.
LONGEST_LOOK_SECONDS = write_proof.LONGEST_WAIT + 2.0
# So long may a start take: its database is busy, its other processes come up.
STARTING_SECONDS = 30.0
# What goes on failing is logged so often, however often it is asked.
TOLD_AGAIN_SECONDS = 60.0
_NO_ANSWER = "The database does not answer."


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 while this process can answer at all."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database is migrated and takes writes, else 503 and why."""
    reason = _readiness.reason()
    _tellers["ready"].tell(reason)
    return _refusal({"ready": False}, reason) or JsonResponse({"ready": True})


@never_cache
@require_safe
def workerz(request: HttpRequest) -> JsonResponse:
    """Answer 200 while a worker lives on any host, else 503 with the reason."""
    reason = _why_no_worker()
    _tellers["alive"].tell(reason)
    return _refusal({"alive": False}, reason) or JsonResponse({"alive": True})


def _refusal(said: dict[str, Any], reason: str) -> JsonResponse | None:
    if not reason:
        return None
    response = JsonResponse({**said, "reason": reason}, status=503)
    # Django would log each of these as an error of ours, of a start as well.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


PROBES: dict[str, Callable[[HttpRequest], HttpResponseBase]] = {
    "/healthz": healthz,
    "/readyz": readyz,
    "/workerz": workerz,
}


def answer_probes(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Return the middleware that answers exactly the addresses of PROBES."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        probe = PROBES.get(request.path_info)
        return get_response(request) if probe is None else probe(request)

    return middleware


class Readiness:
    """Looks whether this process can work, one look at a time."""

    def __init__(self) -> None:
        self._looking = threading.Lock()
        self._reason = "The first look is under way."
        self._began = 0.0
        self._until = 0.0

    def reason(self) -> str:
        """Return why this process is not ready, "" when it is."""
        if time.monotonic() < self._until:
            return self._reason
        if not self._looking.acquire(blocking=False):
            # What the last look found says nothing where this one does not end.
            hangs = time.monotonic() - self._began > LONGEST_LOOK_SECONDS
            return _NO_ANSWER if hangs else self._reason
        self._began = time.monotonic()
        try:
            self._reason = why_not_ready()
            self._until = time.monotonic() + KEPT_SECONDS
        finally:
            self._looking.release()
        return self._reason


_readiness = Readiness()


class Teller:
    """Logs what a probe of this process answers: what changes, and once in a while.

    Until it was well for the first time nothing failed yet: the others may just be
    starting, and no supervisor need read of it. A start that does not end is an error.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._was_well = False
        self._told = ""
        self._told_at = float("-inf")

    def tell(self, reason: str) -> None:
        """Log why it is not well, or that it is again; "" is well."""
        with self._lock:
            now = time.monotonic()
            is_starting = not self._was_well and now - self._began < STARTING_SECONDS
            self._was_well = self._was_well or not reason
            if is_starting and reason:
                logger.info("starting: not %s yet reason=%s", self._what, reason)
                return
            is_news = reason != self._told
            if not is_news and (not reason or now - self._told_at < TOLD_AGAIN_SECONDS):
                return
            self._told, self._told_at = reason, now
        if reason:
            logger.error("not %s reason=%s", self._what, reason)
        else:
            logger.info("%s again", self._what)


_tellers = {what: Teller(what) for what in ("ready", "alive")}


def why_not_ready() -> str:
    """Look now; return what hinders this process, "" for nothing.

    The driver's message may hold host and user: it stays in the database's log.
    """
    try:
        missing = write_proof.missing_migrations()
    except DatabaseError:
        return _NO_ANSWER
    if missing:
        return "Migrations have not been applied."
    if write_proof.is_database_full():
        return "The disk that holds the database is full."
    try:
        write_proof.prove_writes()
    except DatabaseError:
        return "The database takes no writes."
    return ""


def _why_no_worker() -> str:
    now = timezone.now()
    try:
        dead = [
            process
            for process in (Process.SUPERVISOR, Process.QUEUE)
            if not is_alive(process, now)
        ]
    except DatabaseError:
        return _NO_ANSWER
    if not dead:
        return ""
    return f"No sign of life of late from: {', '.join(dead)}."
