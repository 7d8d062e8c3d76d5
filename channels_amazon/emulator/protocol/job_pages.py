"""Pages of reports or feeds, filtered alike and listed newest first; emulator."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from .calling import ApiReply, Call, invalid
from .paging import make_token, read_token

Json = dict[str, Any]

PAGE_PARAMETER = "nextToken"
# How long Amazon keeps reports and feeds.
RETENTION = timedelta(days=90)


@dataclass(frozen=True)
class Job:
    """A report or feed, as far as a filter asks for it."""

    job_id: str
    job_type: str
    status: str
    marketplace_ids: list[str]
    created_at: datetime
    view: Callable[[], Json]


@dataclass(frozen=True)
class JobKind:
    """How an API names its jobs: the list of a page, and the filter of types."""

    listed_as: str
    types_parameter: str
    statuses: Iterable[str]
    check_type: Callable[[Call, str], None]


def serve_page(call: Call, kind: JobKind, jobs: Iterable[Job]) -> ApiReply:
    """Serve one page of the seller's jobs: a token goes alone; raises Refusal."""
    if call.text(PAGE_PARAMETER) is None:
        return _page(call, kind, jobs, _query(call, kind))
    if set(call.query) != {PAGE_PARAMETER}:
        raise invalid("nextToken must be the only parameter.")
    return _page(call, kind, jobs, read_token(call, PAGE_PARAMETER, set()) or {})


def _query(call: Call, kind: JobKind) -> Json:
    """Return the filter of a first page, as the page token stores it."""
    types = call.values(kind.types_parameter, most=10)
    if not types:
        raise invalid(f"Either {kind.types_parameter} or nextToken is required.")
    for job_type in types:
        kind.check_type(call, job_type)
    marketplace_ids = call.values("marketplaceIds", most=10)
    call.check_marketplaces(marketplace_ids)
    now = call.world.now()
    since = call.moment("createdSince") or now - RETENTION
    return {
        "types": types,
        "statuses": call.values("processingStatuses", kind.statuses),
        "sites": marketplace_ids,
        "size": call.number("pageSize", 1, 100, 10),
        "since": max(since, now - RETENTION).isoformat(),
        "until": (call.moment("createdUntil") or now).isoformat(),
        "after": "",
    }


def _page(call: Call, kind: JobKind, jobs: Iterable[Job], query: Json) -> ApiReply:
    since, until = (datetime.fromisoformat(query[key]) for key in ("since", "until"))
    found = [
        job
        for job in jobs
        if job.job_type in query["types"]
        and (not query["statuses"] or job.status in query["statuses"])
        and (not query["sites"] or set(query["sites"]) & set(job.marketplace_ids))
        and since <= job.created_at <= until
        and (not query["after"] or int(job.job_id) < int(query["after"]))
    ]
    found.sort(key=lambda job: int(job.job_id), reverse=True)
    shown = found[: query["size"]]
    body: Json = {kind.listed_as: [job.view() for job in shown]}
    if len(found) > len(shown):
        state = query | {"after": shown[-1].job_id}
        body["nextToken"] = make_token(call, PAGE_PARAMETER, set(call.query), state)
    return ApiReply(200, body)
