"""Addresses of the pages of accounts, below admin/amazon/; views layer."""

from __future__ import annotations

from django.urls import path

from channels_amazon.views.accounts import (
    accounts,
    callback,
    connect,
    first_pull,
    go_live,
    subscription,
)

_ACCOUNT = "accounts/<int:account_id>/"

urlpatterns = [
    path("accounts/", accounts.account_list, name="amazon-account-list"),
    path(
        f"{_ACCOUNT}disconnect/", connect.disconnect, name="amazon-account-disconnect"
    ),
    path(f"{_ACCOUNT}go-live/", go_live.go_live_page, name="amazon-go-live"),
    path(
        f"{_ACCOUNT}go-live/export/",
        go_live.go_live_export,
        name="amazon-go-live-export",
    ),
    path(
        f"{_ACCOUNT}go-live/start/", go_live.go_live_start, name="amazon-go-live-start"
    ),
    path(
        f"{_ACCOUNT}go-live/pause/", go_live.go_live_pause, name="amazon-go-live-pause"
    ),
    path(f"{_ACCOUNT}progress/", first_pull.progress, name="amazon-account-progress"),
    path(f"{_ACCOUNT}subscribe/", subscription.subscribe, name="amazon-subscribe"),
    path("appstore-login/", connect.appstore_login, name="amazon-appstore-login"),
    path("callback/", callback.callback, name="amazon-callback"),
    path("connect/", connect.connect, name="amazon-connect"),
    path("connect/private/", connect.connect_private, name="amazon-connect-private"),
]
