"""The dry run of a change of stock rules: table, saving, undoing; views layer."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from channels_amazon.errors import ShoplinkError
from channels_amazon.forms import parameters
from channels_amazon.models import RuleDryRun, RuleRevision, SyncRule
from channels_amazon.services.diagnostics.export import csv_table
from channels_amazon.services.stock import dry_run as dry_runs
from channels_amazon.services.stock.dry_run import DryRunRow
from channels_amazon.services.stock.stock_export import keep_export
from channels_amazon.services.sync_rules.changes import RuleChange
from channels_amazon.views.base import (
    can_operate,
    get_mine,
    mine,
    page,
    require_operator,
    store_page,
)
from channels_amazon.views.labels import decision
from channels_amazon.views.stock.rule_words import rule_sentence
from channels_amazon.views.stock.rules import account_names
from channels_amazon.wording import sentence

ROWS = 100
KIND = SyncRule.Kind.STOCK


@store_page
@require_safe
def dry_run(request: HttpRequest, dry_run_id: int) -> HttpResponse:
    """Show what the change would publish: figures first, then each listing."""
    made = get_mine(_dry_runs(request), request, pk=dry_run_id)
    rows = dry_runs.rows_of(made)
    accounts = account_names(request)
    begin = min(parameters.AFTER.number(request) or 0, len(rows))
    changes = [RuleChange.from_json(one) for one in made.changes]
    summary = dry_runs.summary(rows)
    context = {
        "dry_run": made,
        "summary": summary,
        "befores": [
            rule_sentence(one.before, accounts) for one in changes if one.before
        ],
        "afters": [
            (rule_sentence(one.after, accounts), one.after.is_active)
            for one in changes
            if one.after
        ],
        "rows": [
            (row, accounts.get(row.account_id, ""), decision(row.decided_by))
            for row in rows[begin : begin + ROWS]
        ],
        "begin": begin,
        "shown_to": min(begin + ROWS, len(rows)),
        "next": begin + ROWS if begin + ROWS < len(rows) else None,
        "can_save": can_operate(request.user, made.store),
    }
    template = "channels_amazon/stock/dry_run.html"
    return page(request, template, context, title=_("Dry run"))


@store_page
@require_safe
def dry_run_export(request: HttpRequest, dry_run_id: int) -> HttpResponseBase:
    """Download every row of a dry run as CSV."""
    made = get_mine(_dry_runs(request), request, pk=dry_run_id)
    accounts = account_names(request)
    keep_export(
        sentence("The dry run of a stock rule was downloaded."),
        actor=request.user.get_username(),
        store_ids=[made.store_id],
    )
    response = StreamingHttpResponse(
        csv_table(
            [_("Account"), _("Seller SKU"), _("Now"), _("Then"), _("Why")],
            _cells(dry_runs.rows_of(made), accounts),
        ),
        content_type="text/csv; charset=utf-8",
    )
    name = f"shoplink-dry-run-{made.pk}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@store_page
@require_POST
def dry_run_save(request: HttpRequest, dry_run_id: int) -> HttpResponse:
    """Save the rules of a dry run and publish by them."""
    made = get_mine(_dry_runs(request), request, pk=dry_run_id)
    require_operator(request, made.store)
    try:
        saved = dry_runs.save(made, actor=request.user.get_username())
    except ShoplinkError as error:
        messages.error(request, error.message)
        return redirect("amazon-stock-rule-dry-run", made.pk)
    count = saved.revision.listings
    text = ngettext(
        "Saved: %(count)d listing gets its new number.",
        "Saved: %(count)d listings get their new numbers.",
        count,
    )
    messages.success(request, text % {"count": count})
    if saved.differing:
        messages.warning(request, _differing(saved.differing))
    return redirect("amazon-stock-rule-dry-run", made.pk)


@store_page
@require_POST
def dry_run_again(request: HttpRequest, dry_run_id: int) -> HttpResponse:
    """Try the same change with the numbers and rules of now."""
    made = get_mine(_dry_runs(request), request, pk=dry_run_id)
    require_operator(request, made.store)
    changes = [RuleChange.from_json(one) for one in made.changes]
    actor = request.user.get_username()
    try:
        again = dry_runs.try_changes(
            made.store, changes, actor=actor, undoes=made.undoes
        )
    except ShoplinkError as error:
        messages.error(request, error.message)
        return redirect("amazon-stock-rule-list")
    return redirect("amazon-stock-rule-dry-run", again.pk)


@store_page
@require_POST
def revision_undo(request: HttpRequest, revision_id: int) -> HttpResponse:
    """Show what taking a saving back would publish."""
    revisions = mine(RuleRevision, request).filter(kind=KIND).select_related("store")
    revision = get_mine(revisions, request, pk=revision_id)
    require_operator(request, revision.store)
    actor = request.user.get_username()
    try:
        made = dry_runs.try_undoing(revision, actor=actor)
    except ShoplinkError as error:
        messages.error(request, error.message)
        return redirect("amazon-stock-rule-list")
    return redirect("amazon-stock-rule-dry-run", made.pk)


def _dry_runs(request: HttpRequest) -> QuerySet[RuleDryRun]:
    rows = mine(RuleDryRun, request).filter(kind=KIND)
    return rows.select_related("store", "revision", "undoes")


def _cells(rows: list[DryRunRow], accounts: dict[int, str]) -> list[list[object]]:
    """Return the rows of the file, in the language that is active now."""
    return [
        [
            accounts.get(row.account_id, ""),
            row.seller_sku,
            row.old,
            row.new,
            decision(row.decided_by),
        ]
        for row in rows
    ]


def _differing(rows: list[DryRunRow]) -> str:
    text = ngettext(
        "%(count)d listing got another number than was shown, since its stock changed "
        "meanwhile: %(skus)s.",
        "%(count)d listings got other numbers than were shown, since their stock "
        "changed meanwhile: %(skus)s.",
        len(rows),
    )
    named = ", ".join(row.seller_sku for row in rows[:3])
    more = " …" if len(rows) > len(rows[:3]) else ""
    return text % {"count": len(rows), "skus": named + more}
