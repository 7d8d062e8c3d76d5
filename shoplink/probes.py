"""The probes a process supervisor or load balancer asks; no business code.

They are answered before anything else looks at the request: a probe asks the process
itself, by whatever name or number it reaches it, without https. No other address
becomes reachable by a foreign name through that.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.health.processes import is_alive
from channels_amazon.services.health.write_proof import prove_writes

# A look costs a commit. Whoever asks more often is told what the last one found.
KEPT_SECONDS = 1.0
# A write waits 3 s for a lock at most: a look that takes longer than this hangs.
LONGEST_LOOK_SECONDS = 5.0
# SQLite's file and its log grow with the work: below this much it stands still soon.
LEAST_FREE_BYTES = 32 * 1024 * 1024
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
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return _NO_ANSWER
    if plan:
        return "Migrations have not been applied."
    if _is_disk_full():
        return "The disk that holds the database is full."
    try:
        prove_writes()
    except DatabaseError:
        return "The database takes no writes."
    return ""


def _is_disk_full() -> bool:
    if connection.vendor != "sqlite":
        return False
    folder = Path(str(connection.settings_dict["NAME"])).parent
    try:
        return shutil.disk_usage(folder).free < LEAST_FREE_BYTES
    except OSError:
        return True


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
