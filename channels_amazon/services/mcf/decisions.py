"""Decides who ships a store order, by rows and previews; services layer.

The rule itself is pure: `rules/mcf/choice.py`. Here its facts are read (`facts_of`,
`active_rules`), and its decision is carried out and kept (`StoreOrder.why`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from channels_amazon.marketplaces import MARKETPLACES, Marketplace
from channels_amazon.models import (
    AmazonAccount,
    FbaStock,
    MarketplaceParticipation,
    McfRule,
    StoreOrder,
    StoreOrderLine,
    SyncJob,
)
from channels_amazon.rules.mcf import choice
from channels_amazon.rules.mcf.reasons import DecisionReasons, KeptPreview
from channels_amazon.rules.mcf.terms import (
    ActiveRule,
    Candidate,
    LineFacts,
    McfDecision,
    OrderFacts,
    PoolUnits,
    PreviewNeeded,
    ShippedBy,
    SpeedOffer,
)
from channels_amazon.services.diagnostics.entries import clean
from channels_amazon.services.jobs import lifecycle
from channels_amazon.services.mcf.commitments import promise
from channels_amazon.services.stock.quantities import availability

State = StoreOrder.State
# Amazon's price is trusted for so long, then it is asked for again.
OFFER_KEPT = timedelta(minutes=15)
# So often another order may take the units of the chosen pool while we decide. Then
# the next run of the job decides.
_TRIES = 3


def consider(order: StoreOrder, *, asker: int = 0) -> PreviewNeeded | None:
    """Decide a new order, or return the preview of Amazon's that the decision needs.

    The account whose Amazon is to be asked is woken, unless its id is `asker`: then its
    job is the caller. None means that the order is decided, or was not new.
    """
    with transaction.atomic():
        locked = lock_store_order(order.pk)
        needed = _decide(locked)
        order.refresh_from_db()
    if needed is not None and needed.candidate.account_id != asker:
        lifecycle.wake(needed.candidate.account_id, SyncJob.Kind.MCF_ORDERS)
    return needed


def keep_offers(
    order: StoreOrder,
    candidate: Candidate,
    offers: Sequence[SpeedOffer],
    *,
    said: str = "",
) -> None:
    """Keep a preview's offers with a new order; `said` are Amazon's words."""
    with transaction.atomic():
        locked = lock_store_order(order.pk)
        if locked.state != State.NEW:
            return
        others = [one for one in locked.why.previews if one.candidate != candidate]
        kept = KeptPreview(candidate, timezone.now(), tuple(offers), clean(said, 300))
        locked.decided_why = DecisionReasons(previews=(*others, kept)).to_json()
        locked.decide_after = None
        locked.attempts = 0
        locked.save(update_fields=["decided_why", "decide_after", "attempts"])


def version_for_new() -> str:
    """Return the version of Amazon's outbound API for orders decided from now on."""
    return str(settings.FBA_OUTBOUND_VERSION)


def lock_store_order(pk: int) -> StoreOrder:
    """Return the order with its row locked; call it inside a transaction."""
    row: StoreOrder = (
        StoreOrder.objects.select_for_update(of=("self",), no_key=True)
        .select_related("store")
        .get(pk=pk)
    )
    return row


def active_rules(store_id: int) -> list[ActiveRule]:
    """Return the store's active rules, each with the marketplaces of its account."""
    return rules_from(list(McfRule.objects.active(store_id)))


def rules_from(rows: Sequence[McfRule]) -> list[ActiveRule]:
    """Return the rows as rules, each with the marketplaces of its account."""
    marketplaces: dict[int, list[Marketplace]] = defaultdict(list)
    selected = MarketplaceParticipation.objects.filter(
        account__in={row.account_id for row in rows},
        is_participating=True,
        is_selected=True,
    ).order_by("account", "country_code")
    for account_id, marketplace_id in selected.values_list(
        "account_id", "marketplace_id"
    ):
        # A marketplace newer than our list has no known pool: it serves nothing yet.
        if marketplace_id in MARKETPLACES:
            marketplaces[account_id].append(MARKETPLACES[marketplace_id])
    return [
        ActiveRule(
            id=row.pk or 0,
            name=row.name,
            account_id=row.account_id,
            marketplaces=tuple(marketplaces[row.account_id]),
            is_fba_first=row.prefer == McfRule.Prefer.FBA_FIRST,
            countries=frozenset(row.countries),
            kept_units=row.kept_units,
            most_fee=row.most_fee,
            allows_slower=row.allows_slower,
        )
        for row in rows
    ]


def facts_of(orders: Sequence[StoreOrder]) -> dict[int, OrderFacts]:
    """Return what decides each order, in a fixed number of queries for all."""
    lines = list(StoreOrderLine.objects.filter(order__in=orders).order_by("pk"))
    by_order: dict[int, list[StoreOrderLine]] = defaultdict(list)
    for line in lines:
        by_order[line.order_id].append(line)
    variant_ids = {line.variant_id for line in lines if line.variant_id}
    stock = availability(variant_ids)
    pools = _pools(variant_ids)
    return {
        order.pk: OrderFacts(
            lines=tuple(
                LineFacts(
                    sku=line.sku,
                    units=line.quantity,
                    variant_id=line.variant_id,
                    local=(
                        stock[line.variant_id].available
                        if line.variant_id in stock
                        else None
                    ),
                    pools=pools.get(line.variant_id or 0, ()),
                )
                for line in by_order[order.pk]
            ),
            country=order.country_code,
            speed=order.speed,
            currency=order.store.currency,
        )
        for order in orders
    }


def _decide(order: StoreOrder) -> PreviewNeeded | None:
    """Decide the locked order if it is new, and act on it."""
    if order.state != State.NEW:
        return None
    for _ in range(_TRIES):
        facts = facts_of([order])[order.pk]
        fresh = order.why.offers(since=timezone.now() - OFFER_KEPT)
        found = choice.decide(facts, active_rules(order.store_id), fresh)
        if isinstance(found, PreviewNeeded):
            return found
        if _carry_out(order, facts, found):
            return None
    order.decide_after = timezone.now()
    order.save(update_fields=["decide_after"])
    return None


def _carry_out(order: StoreOrder, facts: OrderFacts, decision: McfDecision) -> bool:
    """Carry the decision out; False when the pool was emptied meanwhile."""
    if decision.by is ShippedBy.MCF and decision.candidate is not None:
        lines = StoreOrderLine.objects.filter(order=order).order_by("pk")
        listings = {}
        for row, line in zip(lines, facts.lines, strict=True):
            listing_id = choice.listing_of(line, decision.candidate)
            if listing_id is None:
                return False
            listings[row.pk] = listing_id
        made = promise(
            order,
            decision=decision,
            listings=listings,
            version=version_for_new(),
        )
        if made is None:
            return False
    states = {ShippedBy.STORE: State.LOCAL, ShippedBy.MCF: State.AT_AMAZON}
    order.state = states.get(decision.by, State.NEEDS_PERSON)
    order.decided_at = timezone.now()
    order.decide_after = None
    order.decided_why = DecisionReasons.of(decision, order.why.previews).to_json()
    order.save(update_fields=["state", "decided_at", "decide_after", "decided_why"])
    return True


def _pools(variant_ids: Collection[int]) -> dict[int, tuple[PoolUnits, ...]]:
    """Return by variant, for each pool of an account, the listing with most units."""
    rows = (
        FbaStock.objects.filter(
            listing__variant__in=variant_ids,
            listing__account__state=AmazonAccount.State.CONNECTED,
        )
        .select_related("listing")
        .order_by("pk")
    )
    best: dict[tuple[int, int, str], PoolUnits] = {}
    for row in rows:
        listing = row.listing
        key = (int(listing.variant_id or 0), listing.account_id, row.pool)
        if key not in best or row.sellable > best[key].units:
            best[key] = PoolUnits(
                listing.account_id, row.pool, listing.pk, row.sellable
            )
    found: dict[int, tuple[PoolUnits, ...]] = defaultdict(tuple)
    for (variant_id, _account_id, _pool), units in best.items():
        found[variant_id] += (units,)
    return found
