"""Addresses of the pages of stock, below admin/amazon/; views layer."""

from __future__ import annotations

from django.urls import path

from channels_amazon.views.stock import drift, dry_run, numbers, rules, stock

_STOCK = "stock/<int:variant_id>/"
_RULE = "stock-rules/<int:sync_rule_id>/"
_DRY_RUN = "stock-rules/dry-runs/<int:dry_run_id>/"

urlpatterns = [
    path("stock/", stock.stock_list, name="amazon-stock-list"),
    path(_STOCK, stock.stock_detail, name="amazon-stock-detail"),
    path(f"{_STOCK}set/", stock.stock_set, name="amazon-stock-set"),
    path(
        "stock/listings/<int:listing_id>/numbers/",
        numbers.listing_numbers,
        name="amazon-listing-numbers",
    ),
    path(
        "stock/listings/<int:listing_id>/push-again/",
        drift.listing_push_again,
        name="amazon-listing-push-again",
    ),
    path(
        "stock/listings/<int:listing_id>/take-amazons/",
        drift.listing_take_amazons,
        name="amazon-listing-take-amazons",
    ),
    path("stock-rules/", rules.rule_list, name="amazon-stock-rule-list"),
    path("stock-rules/new/", rules.rule_add, name="amazon-stock-rule-add"),
    path(_RULE, rules.rule_edit, name="amazon-stock-rule-edit"),
    path(f"{_RULE}delete/", rules.rule_delete, name="amazon-stock-rule-delete"),
    path(_DRY_RUN, dry_run.dry_run, name="amazon-stock-rule-dry-run"),
    path(
        f"{_DRY_RUN}export/",
        dry_run.dry_run_export,
        name="amazon-stock-rule-dry-run-export",
    ),
    path(
        f"{_DRY_RUN}save/",
        dry_run.dry_run_save,
        name="amazon-stock-rule-dry-run-save",
    ),
    path(
        f"{_DRY_RUN}again/",
        dry_run.dry_run_again,
        name="amazon-stock-rule-dry-run-again",
    ),
    path(
        "stock-rules/savings/<int:revision_id>/undo/",
        dry_run.revision_undo,
        name="amazon-stock-rule-undo",
    ),
]
