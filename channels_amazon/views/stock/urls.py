"""Addresses of the pages of stock, below admin/amazon/; views layer."""

from __future__ import annotations

from django.urls import path

from channels_amazon.views.stock import (
    changes,
    drift,
    dry_run,
    movements,
    numbers,
    rules,
    stock,
    stock_takes,
)

_STOCK = "stock/<int:variant_id>/"
_TAKE = "stock-takes/<int:take_id>/"
_RULE = "stock-rules/<int:sync_rule_id>/"
_DRY_RUN = "stock-rules/dry-runs/<int:dry_run_id>/"

urlpatterns = [
    path("stock/", stock.stock_list, name="amazon-stock-list"),
    path("stock/export/", movements.stock_export, name="amazon-stock-export"),
    path(_STOCK, stock.stock_detail, name="amazon-stock-detail"),
    path(f"{_STOCK}set/", changes.stock_set, name="amazon-stock-set"),
    path(f"{_STOCK}adjust/", changes.stock_adjust, name="amazon-stock-adjust"),
    path(f"{_STOCK}transfer/", changes.stock_transfer, name="amazon-stock-transfer"),
    path("movements/", movements.movement_list, name="amazon-movement-list"),
    path("movements/export/", movements.movement_export, name="amazon-movement-export"),
    path("stock-takes/", stock_takes.stock_take_list, name="amazon-stock-take-list"),
    path(
        "stock-takes/example/",
        stock_takes.stock_take_example,
        name="amazon-stock-take-example",
    ),
    path(_TAKE, stock_takes.stock_take, name="amazon-stock-take"),
    path(f"{_TAKE}save/", stock_takes.stock_take_save, name="amazon-stock-take-save"),
    path(f"{_TAKE}rows/", stock_takes.stock_take_rows, name="amazon-stock-take-rows"),
    path(
        f"{_TAKE}left-out/",
        stock_takes.stock_take_left_out,
        name="amazon-stock-take-left-out",
    ),
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
