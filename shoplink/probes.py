"""The probes a process supervisor or load balancer asks; no business code.

They are answered before anything else looks at the request: a probe asks the process
itself, by whatever name or number it reaches it, without https. No other address
becomes reachable by a foreign name through that.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.health import write_proof
from channels_amazon.services.health.processes import is_alive

# A look costs a commit. Whoever asks more often is told what the last one found.
KEPT_SECONDS = 1.0
# A look that takes longer than a write may wait for its lock, and this, hangs.
LONGEST_LOOK_SECONDS = write_proof.LONGEST_WAIT + 2.0
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
    if reason:
        return JsonResponse({"ready": False, "reason": reason}, status=503)
    return JsonResponse({"ready": True})


@never_cache
@require_safe
def workerz(request: HttpRequest) -> JsonResponse:
    """Answer 200 while a worker lives on any host, else 503 with the reason."""
    reason = _why_no_worker()
    if reason:
        return JsonResponse({"alive": False, "reason": reason}, status=503)
    return JsonResponse({"alive": True})


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
