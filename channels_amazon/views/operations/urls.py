"""Addresses of the pages of overview, status and logs; views layer."""

from __future__ import annotations

from django.urls import path

from channels_amazon.views.operations import (
    installation,
    logs,
    overview,
    overview_parts,
    search,
    setup,
    status,
    sync_log,
    user_settings,
)

urlpatterns = [
    path("", overview.overview, name="amazon-overview"),
    path(
        "overview/hours/", overview_parts.overview_hours, name="amazon-overview-hours"
    ),
    path("search/", search.search, name="amazon-search"),
    path("setup/", setup.setup, name="amazon-setup"),
    path("setup/<int:store_id>/", setup.setup_store, name="amazon-setup-store"),
    path("accounts/<int:account_id>/status/", status.status, name="amazon-status"),
    path("status/", status.status_index, name="amazon-status-index"),
    path(
        "installation/confirm/",
        installation.confirm,
        name="amazon-installation-confirm",
    ),
    path(
        "installation/copy/",
        installation.mark_copy,
        name="amazon-installation-copy",
    ),
    path(
        "accounts/<int:account_id>/sync-log/",
        sync_log.sync_log_page,
        name="amazon-sync-log",
    ),
    path(
        "accounts/<int:account_id>/sync-log/download/",
        sync_log.sync_log_download,
        name="amazon-sync-log-download",
    ),
    path("settings/", user_settings.user_settings, name="amazon-user-settings"),
    path("logs/", logs.log_list, name="amazon-log-list"),
    path("logs/export/", logs.log_export, name="amazon-log-export"),
    path("logs/<slug:kind>/<int:log_id>/", logs.log_detail, name="amazon-log-detail"),
]
