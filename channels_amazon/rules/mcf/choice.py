"""Decides whether a store order becomes an MCF order; pure, rules layer.

Every line of an order comes from one FBA pool, or none does: an order is not split.
Amazon is asked for a preview only where its price can still change the decision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from channels_amazon.rules.mcf import pools
from channels_amazon.rules.mcf.pools import pool_of
from channels_amazon.rules.mcf.terms import (
    SPEEDS,
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
from channels_amazon.wording import Sentence, counted, sentence

Previews = Mapping[Candidate, Sequence[SpeedOffer]]


@dataclass(frozen=True, slots=True)
class _Stop:
    """A person must look: nothing further is tried."""

    reason: Sentence


def decide(
    order: OrderFacts, rules: Sequence[ActiveRule], previews: Previews
) -> McfDecision | PreviewNeeded:
    """Return who ships the order, or which preview is needed to know it.

    Of an account's rules the one with the fewest countries that names the destination
    counts, else the one for every country.
    """
    unknown = _unknown(order)
    if unknown is not None:
        return McfDecision(ShippedBy.PERSON, unknown)
    short = _short_here(order)
    refused: list[Sentence] = []
    for rule in applicable(order.country, rules):
        if not short and not rule.is_fba_first:
            return McfDecision(
                ShippedBy.STORE,
                sentence("The store's own stock holds every line."),
                rule=rule,
                refused=tuple(refused),
            )
        found = _try_rule(order, rule, previews)
        if isinstance(found, PreviewNeeded | McfDecision):
            return found
        if isinstance(found, _Stop):
            return McfDecision(
                ShippedBy.PERSON, found.reason, rule=rule, refused=tuple(refused)
            )
        refused += found
    return _without_mcf(short, refused)


def applicable(country: str, rules: Sequence[ActiveRule]) -> list[ActiveRule]:
    """Return one rule an account, the narrowest first, that covers the country."""
    covering = [
        rule for rule in rules if not rule.countries or country in rule.countries
    ]
    covering.sort(
        key=lambda rule: (not rule.countries, len(rule.countries), rule.name, rule.id)
    )
    chosen: dict[int, ActiveRule] = {}
    for rule in covering:
        chosen.setdefault(rule.account_id, rule)
    return list(chosen.values())


def units_by_listing(order: OrderFacts, candidate: Candidate) -> dict[int, int] | None:
    """Return the units that each listing of the pool gives, None if a line has none."""
    found: dict[int, int] = {}
    for line in order.lines:
        pool = _pool(line, candidate.account_id, candidate.pool)
        if pool is None:
            return None
        found[pool.listing_id] = found.get(pool.listing_id, 0) + line.units
    return found


def listing_of(line: LineFacts, candidate: Candidate) -> int | None:
    """Return the listing whose units serve the line in the candidate's pool."""
    pool = _pool(line, candidate.account_id, candidate.pool)
    return pool.listing_id if pool else None


def _unknown(order: OrderFacts) -> Sentence | None:
    if not order.lines:
        return sentence("The order has no lines.")
    skus = [line.sku for line in order.lines if line.variant_id is None]
    if not skus:
        return None
    return sentence(
        "The store has no variant with this SKU: %(skus)s.", skus=", ".join(skus)
    )


def _short_here(order: OrderFacts) -> list[str]:
    """Return the SKUs of which the store itself has not enough, or does not know."""
    wanted: dict[int | None, int] = {}
    for line in order.lines:
        wanted[line.variant_id] = wanted.get(line.variant_id, 0) + line.units
    short = {
        line.sku: None
        for line in order.lines
        if line.local is None or line.local < wanted[line.variant_id]
    }
    return list(short)


def _try_rule(
    order: OrderFacts, rule: ActiveRule, previews: Previews
) -> McfDecision | PreviewNeeded | _Stop | list[Sentence]:
    """Return what the rule comes to; sentences say why the order stays here."""
    serving = pools.serving(
        order.country, rule.marketplaces, is_named=order.country in rule.countries
    )
    if not serving:
        return [
            sentence(
                "Rule “%(rule)s”: no marketplace of its account ships to %(country)s.",
                rule=rule.name,
                country=order.country,
            )
        ]
    why_not: list[Sentence] = []
    for marketplace in serving:
        candidate = Candidate(rule.account_id, marketplace.id, pool_of(marketplace.id))
        short = _short_in_pool(order, rule, candidate)
        if short:
            why_not.append(_too_few(rule, candidate.pool, list(short)))
            continue
        if candidate not in previews:
            return PreviewNeeded(candidate, rule)
        evaluated = _evaluate(order, rule, candidate, previews[candidate])
        if isinstance(evaluated, McfDecision | _Stop):
            return evaluated
        why_not.append(evaluated)
    return why_not


def _too_few(rule: ActiveRule, pool: str, skus: list[str]) -> Sentence:
    if not rule.kept_units:
        return sentence(
            "Rule “%(rule)s”: the pool %(pool)s does not hold every line (%(skus)s), "
            "and an order is not split.",
            rule=rule.name,
            pool=pool,
            skus=", ".join(skus),
        )
    return counted(
        "Rule “%(rule)s”: the pool %(pool)s does not hold every line "
        "with %(count)s unit kept back (%(skus)s), and an order is "
        "not split.",
        "Rule “%(rule)s”: the pool %(pool)s does not hold every line "
        "with %(count)s units kept back (%(skus)s), and an order is "
        "not split.",
        rule.kept_units,
        rule=rule.name,
        pool=pool,
        skus=", ".join(skus),
    )


def _short_in_pool(
    order: OrderFacts, rule: ActiveRule, candidate: Candidate
) -> dict[str, None]:
    """Return the SKUs of which the pool has too few, the kept units left alone."""
    wanted = units_by_listing(order, candidate)
    short: dict[str, None] = {}
    for line in order.lines:
        pool = _pool(line, candidate.account_id, candidate.pool)
        if pool is None or (
            wanted is not None
            and pool.units - rule.kept_units < wanted[pool.listing_id]
        ):
            short[line.sku] = None
    return short


def _evaluate(
    order: OrderFacts,
    rule: ActiveRule,
    candidate: Candidate,
    offers: Sequence[SpeedOffer],
) -> McfDecision | _Stop | Sentence:
    """Return the decision for FBA that the offers allow, or why there is none."""
    able = [offer for offer in offers if offer.is_fulfillable and offer.speed in SPEEDS]
    if not able:
        return sentence(
            "Rule “%(rule)s”: Amazon says it cannot fulfil the order from the pool "
            "%(pool)s.",
            rule=rule.name,
            pool=candidate.pool,
        )
    asked = _rank(order.speed)
    in_time = [offer for offer in able if _rank(offer.speed) >= asked]
    slower = [offer for offer in able if _rank(offer.speed) < asked]
    if not in_time and not rule.allows_slower:
        return sentence(
            "Rule “%(rule)s”: Amazon offers only a slower speed than promised, which "
            "the rule does not allow.",
            rule=rule.name,
        )
    # A slower offer counts where none in time fits, and only if the rule lets it.
    groups = [in_time, slower if rule.allows_slower else []]
    best = _best(order, rule, [group for group in groups if group])
    if isinstance(best, SpeedOffer):
        return _chosen(order, rule, candidate, best)
    return best


def _best(
    order: OrderFacts, rule: ActiveRule, groups: Sequence[Sequence[SpeedOffer]]
) -> SpeedOffer | _Stop | Sentence:
    """Return the offer to take of the first group that has one the rule can pay.

    Without a limit that is the speed nearest to the promised one; with a limit the
    cheapest, then the nearest. A first group without a comparable fee stops the rule.
    """
    asked = _rank(order.speed)
    first = groups[0]

    def distance(offer: SpeedOffer) -> int:
        return abs(_rank(offer.speed) - asked)

    if rule.most_fee is None:
        return min(first, key=distance)
    priced = _comparable(order, first)
    if not priced:
        return _Stop(_incomparable(order, rule, first))
    most = rule.most_fee
    for group in groups:
        cheap = [offer for offer in _comparable(order, group) if _fee(offer) <= most]
        if cheap:
            return min(cheap, key=lambda offer: (_fee(offer), distance(offer)))
    return sentence(
        "Rule “%(rule)s”: Amazon estimates %(fee)s %(currency)s, more than the "
        "%(most)s that the rule allows.",
        rule=rule.name,
        fee=str(min(map(_fee, priced))),
        currency=order.currency,
        most=str(most),
    )


def _comparable(order: OrderFacts, offers: Sequence[SpeedOffer]) -> list[SpeedOffer]:
    """Return the offers with a fee in the order's currency."""
    return [
        offer
        for offer in offers
        if offer.fee is not None and offer.currency == order.currency
    ]


def _chosen(
    order: OrderFacts, rule: ActiveRule, candidate: Candidate, offer: SpeedOffer
) -> McfDecision:
    if _rank(offer.speed) < _rank(order.speed):
        reason = sentence(
            "Rule “%(rule)s” offers it to MCF: the pool %(pool)s holds every line, and "
            "a slower speed than promised will do.",
            rule=rule.name,
            pool=candidate.pool,
        )
    else:
        reason = sentence(
            "Rule “%(rule)s” offers it to MCF: the pool %(pool)s holds every line and "
            "Amazon ships in time.",
            rule=rule.name,
            pool=candidate.pool,
        )
    return McfDecision(
        ShippedBy.MCF, reason, rule=rule, candidate=candidate, offer=offer
    )


def _incomparable(
    order: OrderFacts, rule: ActiveRule, offers: Sequence[SpeedOffer]
) -> Sentence:
    foreign = {offer.currency for offer in offers if offer.fee is not None}
    if not foreign:
        return sentence(
            "Rule “%(rule)s” limits the fee, and Amazon gave no estimate of it.",
            rule=rule.name,
        )
    return sentence(
        "Rule “%(rule)s” limits the fee in %(own)s, and Amazon estimates it in "
        "%(foreign)s: the two are not compared.",
        rule=rule.name,
        own=order.currency,
        foreign=", ".join(sorted(foreign)) or "?",
    )


def _without_mcf(short: list[str], refused: Sequence[Sentence]) -> McfDecision:
    """Return the decision when no rule brings the order to MCF."""
    why = tuple(refused)
    if not short:
        reason = (
            sentence("MCF is not possible, and the store's own stock holds every line.")
            if why
            else sentence(
                "No MCF rule covers the destination, and the store's own stock holds "
                "every line."
            )
        )
        return McfDecision(ShippedBy.STORE, reason, refused=why)
    names = ", ".join(short)
    if why:
        reason = sentence(
            "Neither the store's own stock (%(skus)s) nor one FBA pool can fulfil it.",
            skus=names,
        )
    else:
        reason = sentence(
            "The store's own stock does not hold every line (%(skus)s), and no MCF "
            "rule covers the destination.",
            skus=names,
        )
    return McfDecision(ShippedBy.PERSON, reason, refused=why)


def _pool(line: LineFacts, account_id: int, pool: str) -> PoolUnits | None:
    return next(
        (
            units
            for units in line.pools
            if units.account_id == account_id and units.pool == pool
        ),
        None,
    )


def _rank(speed: str) -> int:
    return SPEEDS.index(speed) if speed in SPEEDS else 0


def _fee(offer: SpeedOffer) -> Decimal:
    return offer.fee if offer.fee is not None else Decimal("Infinity")
