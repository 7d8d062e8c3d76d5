"""Addresses of the pages of accounts, below admin/amazon/; views layer."""

from __future__ import annotations

from django.urls import path

from channels_amazon.views.accounts import (
    accounts,
    callback,
    connect,
    first_pull,
    subscription,
)

_ACCOUNT = "accounts/<int:account_id>/"

urlpatterns = [
    path("accounts/", accounts.account_list, name="amazon-account-list"),
    path(
        f"{_ACCOUNT}disconnect/", connect.disconnect, name="amazon-account-disconnect"
    ),
    path(f"{_ACCOUNT}progress/", first_pull.progress, name="amazon-account-progress"),
    path(f"{_ACCOUNT}subscribe/", subscription.subscribe, name="amazon-subscribe"),
    path("appstore-login/", connect.appstore_login, name="amazon-appstore-login"),
    path("callback/", callback.callback, name="amazon-callback"),
    path("connect/", connect.connect, name="amazon-connect"),
    path("connect/private/", connect.connect_private, name="amazon-connect-private"),
]
