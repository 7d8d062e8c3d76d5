"""The rules that offer store orders to MCF, each with a dry run; views layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from channels_amazon.forms.store_orders import McfRuleForm
from channels_amazon.models import AmazonAccount, McfRule, StoreOrder, translated
from channels_amazon.rules.mcf.terms import ShippedBy
from channels_amazon.services.mcf.rules import (
    RuleTrial,
    delete_rule,
    filled,
    save_rule,
    try_rule,
)
from channels_amazon.views.base import (
    OPERATORS,
    get_mine,
    mine,
    page,
    require_operator,
    store_page,
    stores_with_role,
)

# So many of the newest orders are tried.
TRIED = 30


@dataclass(frozen=True, slots=True)
class TriedRow:
    """One order of a dry run, on the page."""

    order: StoreOrder
    kind: str
    word: str
    reason: str
    refused: list[str]


@store_page
@require_safe
def mcf_rule_list(request: HttpRequest) -> HttpResponse:
    """Show the MCF rules, and whether any works."""
    rules = list(
        mine(McfRule, request)
        .select_related("store", "account")
        .order_by("store__name", "name", "pk")
    )
    context = {
        "rules": rules,
        "active": sum(rule.is_active for rule in rules),
        "accounts": own_accounts(request),
    }
    template = "channels_amazon/mcf/rule_list.html"
    return page(request, template, context, title=_("MCF rules"))


@store_page
@require_http_methods(["GET", "HEAD", "POST"])
def mcf_rule_add(request: HttpRequest) -> HttpResponse:
    """Show an empty rule; try it on recent orders, or save it."""
    return _edit(request, None, own_accounts(request))


@store_page
@require_http_methods(["GET", "HEAD", "POST"])
def mcf_rule_edit(request: HttpRequest, rule_id: int) -> HttpResponse:
    """Show a rule; try it on recent orders as it stands in the form, or save it."""
    rules = mine(McfRule, request).select_related("store", "account")
    rule = get_mine(rules, request, pk=rule_id)
    if request.method == "POST":
        require_operator(request, rule.store)
    accounts = mine(AmazonAccount, request).filter(store=rule.store_id)
    return _edit(request, rule, accounts.select_related("store"))


@store_page
@require_POST
def mcf_rule_delete(request: HttpRequest, rule_id: int) -> HttpResponse:
    """Delete a rule; the orders that it brought to MCF go on."""
    rules = mine(McfRule, request).select_related("store", "account")
    rule = get_mine(rules, request, pk=rule_id)
    require_operator(request, rule.store)
    delete_rule(rule, actor=request.user.get_username())
    messages.success(request, _("The rule is deleted."))
    return redirect("amazon-fba-rule-list")


def own_accounts(request: HttpRequest) -> QuerySet[AmazonAccount]:
    """Return the connected accounts for which the user may make rules."""
    return (
        mine(AmazonAccount, request)
        .filter(store__in=stores_with_role(request, OPERATORS))
        .not_disconnected()
        .select_related("store")
    )


def _edit(
    request: HttpRequest, rule: McfRule | None, accounts: QuerySet[AmazonAccount]
) -> HttpResponse:
    form = McfRuleForm(accounts, request.POST or None, rule=rule)
    tried: list[TriedRow] | None = None
    if request.method == "POST" and form.is_valid():
        draft = form.draft()
        require_operator(request, draft.account.store)
        if "save" in request.POST:
            save_rule(rule, draft=draft, actor=request.user.get_username())
            messages.success(request, _("The rule is saved."))
            return redirect("amazon-fba-rule-list")
        wanted = filled(rule, draft)
        recent = (
            mine(StoreOrder, request)
            .filter(store=draft.account.store)
            .select_related("store")
            .order_by("-placed_at", "-pk")[:TRIED]
        )
        tried = [_row(item) for item in try_rule(wanted, list(recent))]
    context: dict[str, Any] = {
        "form": form,
        "rule": rule,
        "tried": tried,
        "has_accounts": accounts.exists(),
    }
    title = rule.name if rule and not form.is_bound else _("MCF rule")
    return page(
        request,
        "channels_amazon/mcf/rule_edit.html",
        context,
        title=title,
        status=422 if form.errors else 200,
    )


def _row(trial: RuleTrial) -> TriedRow:
    words: dict[ShippedBy | None, tuple[str, str]] = {
        ShippedBy.MCF: ("ok", _("Amazon ships it (MCF)")),
        ShippedBy.STORE: ("info", _("The store ships it")),
        ShippedBy.PERSON: ("warning", _("Needs a person")),
        None: ("waiting", _("Amazon's price decides")),
    }
    kind, word = words[trial.by]
    return TriedRow(
        order=trial.order,
        kind=kind,
        word=word,
        reason=translated(trial.reason),
        refused=[translated(text) for text in trial.refused],
    )
