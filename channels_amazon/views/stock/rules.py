"""Stock rules: which there are, which one holds, form, deletion; views layer.

Nothing is saved here: each change leads to its dry run (`dry_run.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from channels_amazon.errors import ShoplinkError
from channels_amazon.forms import parameters
from channels_amazon.forms.stock_rules import StockRuleForm
from channels_amazon.models import (
    AmazonAccount,
    Listing,
    RuleRevision,
    Store,
    SyncRule,
)
from channels_amazon.rules.pasted_ids import tidy
from channels_amazon.rules.scope import Target
from channels_amazon.services.stock import dry_run
from channels_amazon.services.sync_rules.changes import RuleChange
from channels_amazon.services.sync_rules.stored import Rule, all_rules, index_of
from channels_amazon.views.base import (
    can_operate,
    get_mine,
    mine,
    operated_stores,
    page,
    require_operator,
    store_page,
)
from channels_amazon.views.stock.rule_words import rule_sentence

KIND = SyncRule.Kind.STOCK
# Of rules, savings and listings of a SKU so many are shown.
ROWS = 200
REVISIONS = 20
LISTINGS = 20


@dataclass(frozen=True, slots=True)
class ShownRule:
    """A rule on the page, in a sentence."""

    rule: Rule
    store: Store
    sentence: str
    can_change: bool


@dataclass(frozen=True, slots=True)
class Winner:
    """A listing of the SKU that was asked for, and the rules for it, narrowest first.

    The first one holds; without any, all that is left is published.
    """

    listing: Listing
    sentences: list[str]


@store_page
@require_safe
def rule_list(request: HttpRequest) -> HttpResponse:
    """Show the rules as sentences, which one holds for a SKU, and what was saved."""
    stores = list(mine(Store, request))
    accounts = _names(request)
    rules = [
        ShownRule(
            rule,
            store,
            rule_sentence(rule, accounts),
            can_operate(request.user, store),
        )
        for store in stores
        for rule in all_rules(KIND, store.pk)
    ]
    asked = tidy(parameters.Q.of(request))
    revisions = mine(RuleRevision, request).filter(kind=KIND)
    context = {
        "rules": rules[:ROWS],
        "more_rules": len(rules[ROWS:]),
        "active": sum(1 for one in rules if one.rule.is_active),
        "has_stores": len(stores) > 1,
        "asked": asked,
        "winners": _winners(request, asked, accounts) if asked else [],
        "revisions": [
            (revision, can_operate(request.user, revision.store))
            for revision in revisions.select_related(
                "store", "undone_by", "dry_run"
            ).defer("changes", "dry_run__rows", "dry_run__changes")[:REVISIONS]
        ],
        "can_add": any(can_operate(request.user, store) for store in stores),
    }
    template = "channels_amazon/stock/rule_list.html"
    return page(request, template, context, title=_("Stock rules"))


@store_page
def rule_add(request: HttpRequest) -> HttpResponse:
    """Show the form of a new rule, or the dry run of the one it describes."""
    return _form_page(request, list(operated_stores(request)), None)


@store_page
def rule_edit(request: HttpRequest, sync_rule_id: int) -> HttpResponse:
    """Show a rule's form, or the dry run of what was changed."""
    row = get_mine(_rows(request), request, pk=sync_rule_id)
    require_operator(request, row.store)
    return _form_page(request, [row.store], Rule.of(row))


@store_page
@require_POST
def rule_delete(request: HttpRequest, sync_rule_id: int) -> HttpResponse:
    """Show what would change without the rule."""
    row = get_mine(_rows(request), request, pk=sync_rule_id)
    require_operator(request, row.store)
    change = RuleChange(Rule.of(row), None)
    actor = request.user.get_username()
    made = dry_run.try_changes(row.store, [change], actor=actor)
    return redirect("amazon-stock-rule-dry-run", made.pk)


def account_names(request: HttpRequest) -> dict[int, str]:
    """Return the names of the reader's accounts, by key."""
    return _names(request)


def _rows(request: HttpRequest) -> QuerySet[SyncRule]:
    return mine(SyncRule, request).filter(kind=KIND).select_related("store")


def _names(request: HttpRequest) -> dict[int, str]:
    return {account.pk: str(account) for account in mine(AmazonAccount, request)}


def _winners(
    request: HttpRequest, seller_sku: str, accounts: dict[int, str]
) -> list[Winner]:
    """Return the listings of a SKU with the rules that fit, the narrowest first."""
    listings = (
        mine(Listing, request)
        .not_disconnected()
        .filter(seller_sku=seller_sku, is_mfn=True)
        .select_related("account__store", "variant__product__category")
    )
    found = list(listings.order_by("account_id")[:LISTINGS])
    stores = {listing.account.store_id for listing in found}
    indexes = {key: index_of(all_rules(KIND, key)) for key in stores}
    return [
        Winner(
            listing,
            [
                rule_sentence(rule, accounts)
                for _scope, rule in indexes[listing.account.store_id].fitting(
                    _target(listing)
                )
            ],
        )
        for listing in found
    ]


def _target(listing: Listing) -> Target:
    product = listing.variant.product if listing.variant else None
    category = product.category if product else None
    path = category.path if category else ""
    return Target(listing.account_id, listing.seller_sku, path)


def _form_page(
    request: HttpRequest, stores: Iterable[Store], rule: Rule | None
) -> HttpResponse:
    chosen = list(stores)
    if request.method != "POST":
        return _show_form(request, StockRuleForm(chosen, rule=rule), rule)
    form = StockRuleForm(chosen, request.POST, rule=rule)
    if not form.is_valid():
        return _show_form(request, form, rule, status=422)
    store = form.cleaned_data["store"]
    after = Rule(
        rule.pk if rule else None,
        form.scope(),
        form.terms().to_json(),
        form.cleaned_data["is_active"],
    )
    try:
        made = dry_run.try_changes(
            store, [RuleChange(rule, after)], actor=request.user.get_username()
        )
    except ShoplinkError as error:
        form.add_error(None, error.message)
        return _show_form(request, form, rule, status=422)
    return redirect("amazon-stock-rule-dry-run", made.pk)


def _show_form(
    request: HttpRequest, form: StockRuleForm, rule: Rule | None, *, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "rule": rule,
        "sentence": rule_sentence(rule, _names(request)) if rule else "",
    }
    name = "channels_amazon/stock/rule_form.html"
    title = _("Change a stock rule") if rule else _("New stock rule")
    return page(request, name, context, title=title, status=status)
