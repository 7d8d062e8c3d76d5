"""Does Amazon itself answer: its API, its token endpoint? health layer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy

from channels_amazon.errors import ShoplinkError
from channels_amazon.health.context import AMAZON, LOGIN, CheckContext
from channels_amazon.health.finding import Finding, evidence_of, well
from channels_amazon.health.registry import Cost, check
from channels_amazon.models import ApiCall
from channels_amazon.spapi.errors import ServiceUnavailable
from channels_amazon.spapi.operations import LWA_TOKEN
from channels_amazon.wording import sentence

FIRST_FAILURE = 500
# Operations: one that fails may be broken itself; from two on, Amazon is.
SEVERAL = 2
LOOK_BACK = timedelta(days=1)


@check(
    "amazon_service",
    group="network",
    order=2,
    title=gettext_lazy("Amazon's services"),
    cost=Cost.CALLS,
)
def run(context: CheckContext) -> list[Finding]:
    """See whether the token endpoint and several operations answer."""
    found = [*_login(context), *_amazon(context)]
    return found or [well(sentence("Amazon's API and its token endpoint answer."))]


def _login(context: CheckContext) -> list[Finding]:
    route = context.routes()[LOGIN]
    error = _token_error(context)
    is_out = error is not None and context.blame(error).code == "lwa.outage"
    if not is_out and (route.status or 0) < FIRST_FAILURE:
        return []
    return [
        Finding(
            code="lwa.outage",
            cause=sentence(
                "Login with Amazon does not answer, so no access token can be "
                "fetched. Tokens that are still valid serve up to an hour."
            ),
            fix=sentence(
                "Wait: the jobs go on by themselves. Nothing is lost meanwhile."
            ),
            evidence={
                "host": route.host,
                "since": _since(context, is_login=True),
                "status": route.status,
            }
            | (evidence_of(error) if error else {}),
        )
    ]


def _token_error(context: CheckContext) -> ServiceUnavailable | None:
    try:
        context.require_token()
    except ServiceUnavailable as error:
        return error
    except ShoplinkError:
        # It answered; the token check reports what.
        return None
    return None


def _amazon(context: CheckContext) -> list[Finding]:
    route = context.routes()[AMAZON]
    failing = _failing_operations(context)
    if (route.status or 0) < FIRST_FAILURE and len(failing) < SEVERAL:
        return []
    return [
        Finding(
            code="amazon.outage",
            cause=sentence(
                "Amazon's API answers with errors of its own, across operations."
            ),
            fix=sentence(
                "Wait: the jobs go on by themselves. Nothing is lost meanwhile."
            ),
            evidence={
                "host": route.host,
                "status": route.status,
                "operations": list(failing.values()),
                "since": _since(context, is_login=False),
            },
        )
    ]


def _failing_operations(context: CheckContext) -> dict[str, str]:
    """Return the operations that Amazon could not answer just now, described."""
    errors: list[ShoplinkError | None] = []
    try:
        errors += [one.error for one in context.probes()]
        errors.append(context.sites().error)
    except ShoplinkError as error:
        errors.append(error)
    return {
        error.operation: f"{error.operation}: {error.status} {error.request_id}".strip()
        for error in errors
        if isinstance(error, ServiceUnavailable)
        and (error.status or 0) >= FIRST_FAILURE
        and error.operation != LWA_TOKEN.name
    }


def _since(context: CheckContext, *, is_login: bool) -> datetime | None:
    """Return the first failed call after the last good one, of any account here."""
    calls = ApiCall.objects.filter(started_at__gte=context.now - LOOK_BACK)
    named: dict[str, Any] = {"operation": LWA_TOKEN.name}
    calls = calls.filter(**named) if is_login else calls.exclude(**named)
    good = calls.filter(status__lt=FIRST_FAILURE).order_by("-pk").first()
    bad = calls.exclude(status__lt=FIRST_FAILURE)
    first = (bad.filter(pk__gt=good.pk) if good else bad).order_by("pk").first()
    return first.started_at if first else None
