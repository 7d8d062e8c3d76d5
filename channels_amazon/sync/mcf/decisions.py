"""Decides new store orders, asking Amazon for prices where they count; sync layer."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.db.models import Q

from channels_amazon.models import StoreOrder
from channels_amazon.rules.mcf.terms import Candidate, PreviewNeeded
from channels_amazon.services.jobs.backoff import unanswered_backoff
from channels_amazon.services.jobs.key_holders import RETRY, SecretUnreadable
from channels_amazon.services.mcf import decisions, store_orders
from channels_amazon.services.mcf.destinations import (
    destination_of,
)
from channels_amazon.spapi.errors import (
    InvalidRequest,
    NotFound,
    ServiceUnavailable,
    Throttled,
    UnexpectedResponse,
)
from channels_amazon.spapi.outbound_versions import outbound_api
from channels_amazon.sync.mcf import mapping
from channels_amazon.sync.runtime.context import RunContext
from channels_amazon.sync.runtime.outage_detector import OutageDetector
from channels_amazon.wording import sentence


def due_to_decide(now: datetime) -> Q:
    """Return the condition of a store order that waits for its decision at `now`."""
    may_ask = Q(decide_after__isnull=True) | Q(decide_after__lte=now)
    return may_ask & Q(state=StoreOrder.State.NEW)


def decide_new(ctx: RunContext, outage: OutageDetector, *, limit: int) -> bool:
    """Decide the store's new orders; False when the time is up before all are done.

    What another account's Amazon must be asked is left to its own job.
    """
    new = StoreOrder.objects.filter(due_to_decide(ctx.now()), store=ctx.account.store)
    taken = list(new.select_related("store").order_by("placed_at", "pk")[:limit])
    for order in taken:
        if not outage.has_time():
            return False
        ctx.keep_lease()
        try:
            is_ours = _decide(ctx, order)
        except Throttled as error:
            store_orders.postpone(order, error.retry_at)
            raise
        except SecretUnreadable as error:
            store_orders.wait_for_key(order, ctx.now() + RETRY)
            outage.key_missing(error)
            continue
        except (ServiceUnavailable, UnexpectedResponse) as error:
            until = ctx.now() + unanswered_backoff(order.attempts)
            store_orders.postpone(order, until)
            if isinstance(error, ServiceUnavailable):
                take_back = partial(store_orders.restore, order, until)
                outage.failed(error, take_back)
            continue
        if is_ours:
            outage.answered()
            ctx.progress(rows=1)
    return len(taken) < limit


def _decide(ctx: RunContext, order: StoreOrder) -> bool:
    """Ask this account's Amazon for as many pools as the decision needs.

    False when only another account's can be asked, so that nothing was done here.
    """
    asked: set[Candidate] = set()
    needed = decisions.consider(order, asker=ctx.account.pk)
    while needed is not None and needed.candidate.account_id == ctx.account.pk:
        if needed.candidate in asked:
            break
        asked.add(needed.candidate)
        if not _ask(ctx, order, needed):
            break
        needed = decisions.consider(order, asker=ctx.account.pk)
    return needed is None or bool(asked)


def _ask(ctx: RunContext, order: StoreOrder, needed: PreviewNeeded) -> bool:
    """Keep Amazon's preview for the order; False when there is nothing to ask about.

    Raises SecretUnreadable where no key of this process opens its address.
    """
    parts = destination_of(order)
    if not parts:
        store_orders.needs_person(order, sentence("Its address has been deleted."))
        return False
    facts = decisions.facts_of([order])[order.pk]
    request = mapping.preview_request(order, facts, needed.candidate, parts)
    if request is None:
        return False
    api = outbound_api(decisions.version_for_new())
    try:
        previews = api.preview(ctx.client, request)
    except (InvalidRequest, NotFound) as error:
        decisions.keep_offers(order, needed.candidate, [], said=error.message)
        return True
    reasons = {reason: None for preview in previews for reason in preview.reasons}
    decisions.keep_offers(
        order,
        needed.candidate,
        [mapping.offer(preview) for preview in previews],
        said="; ".join(reasons),
    )
    return True
