"""Keeps the rules that offer store orders to MCF, and tries one out; services layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from channels_amazon.models import AmazonAccount, McfRule, StoreOrder, SyncJob
from channels_amazon.rules.mcf import choice
from channels_amazon.rules.mcf.terms import McfDecision, PreviewNeeded, ShippedBy
from channels_amazon.services.diagnostics.entries import Entry, Level, record
from channels_amazon.services.jobs import lifecycle
from channels_amazon.services.mcf.decisions import facts_of, rules_from
from channels_amazon.wording import Sentence, sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDraft:
    """A rule as somebody entered it; countries are ISO codes, money the store's."""

    account: AmazonAccount
    name: str
    prefer: str = McfRule.Prefer.LOCAL_FIRST
    countries: Sequence[str] = ()
    kept_units: int = 0
    most_fee: Decimal | None = None
    allows_slower: bool = False
    is_active: bool = False


@dataclass(frozen=True, slots=True)
class RuleTrial:
    """What a rule would make of an order; `by` is None where Amazon's price counts."""

    order: StoreOrder
    by: ShippedBy | None
    reason: Sentence
    refused: tuple[Sentence, ...] = ()


def save_rule(rule: McfRule | None, *, draft: RuleDraft, actor: str) -> McfRule:
    """Make the rule, or change it; orders decided already stay as they are."""
    with transaction.atomic():
        saved = filled(rule, draft)
        saved.save()
        record(
            Entry(
                code="fba_rules.saved",
                level=Level.INFO,
                account=saved.account,
                reference=saved.name,
                message=_saved_text(saved),
                actor=actor,
            )
        )
        # What is new is decided by the rules of now.
        lifecycle.wake(saved.account_id, SyncJob.Kind.MCF_ORDERS)
    return saved


def delete_rule(rule: McfRule, *, actor: str) -> None:
    """Forget the rule; orders that it brought to MCF go on."""
    with transaction.atomic():
        record(
            Entry(
                code="fba_rules.deleted",
                level=Level.INFO,
                account=rule.account,
                reference=rule.name,
                message=sentence(
                    "The MCF rule “%(rule)s” was deleted.", rule=rule.name
                ),
                actor=actor,
            )
        )
        McfRule.objects.filter(pk=rule.pk).delete()


def filled(rule: McfRule | None, draft: RuleDraft) -> McfRule:
    """Return the rule with the draft's values, not saved."""
    made = rule or McfRule()
    made.store = draft.account.store
    made.account = draft.account
    made.name = draft.name
    made.prefer = draft.prefer
    made.countries = sorted(set(draft.countries))
    made.kept_units = draft.kept_units
    made.most_fee = draft.most_fee
    made.allows_slower = draft.allows_slower
    made.is_active = draft.is_active
    return made


def try_rule(rule: McfRule, orders: Sequence[StoreOrder]) -> list[RuleTrial]:
    """Return what each order would come to with the rule switched on, saved or not.

    By the stock of now, and by what Amazon's previews said then; Amazon is not asked.
    """
    others = McfRule.objects.active(rule.store_id).exclude(pk=rule.pk)
    rules = rules_from([*others, rule])
    facts = facts_of(orders)
    return [
        _tried(order, choice.decide(facts[order.pk], rules, order.why.offers()))
        for order in orders
    ]


def _tried(order: StoreOrder, found: McfDecision | PreviewNeeded) -> RuleTrial:
    if isinstance(found, McfDecision):
        return RuleTrial(order, found.by, found.reason, found.refused)
    return RuleTrial(
        order,
        None,
        sentence(
            "Rule “%(rule)s” would ask Amazon what it costs from the pool %(pool)s, "
            "and decide by the answer.",
            rule=found.rule.name,
            pool=found.candidate.pool,
        ),
    )


def _saved_text(rule: McfRule) -> Sentence:
    if rule.is_active:
        return sentence(
            "The MCF rule “%(rule)s” was saved; it is switched on.", rule=rule.name
        )
    return sentence(
        "The MCF rule “%(rule)s” was saved; it is switched off.", rule=rule.name
    )
