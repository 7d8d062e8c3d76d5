"""Addresses of the pages of the quarantine, below admin/amazon/; views layer."""

from __future__ import annotations

from django.urls import path

from channels_amazon.views.notifications import quarantine

_QUARANTINE = "quarantine/<int:message_id>/"

urlpatterns = [
    path(
        "orders/<int:order_id>/retry/",
        quarantine.order_retry,
        name="amazon-order-retry",
    ),
    path("quarantine/", quarantine.quarantine_list, name="amazon-quarantine-list"),
    path("quarantine/act/", quarantine.quarantine_act, name="amazon-quarantine-act"),
    path(_QUARANTINE, quarantine.quarantine_detail, name="amazon-quarantine-detail"),
    path(
        f"{_QUARANTINE}replay/",
        quarantine.quarantine_replay,
        name="amazon-quarantine-replay",
    ),
    path(
        f"{_QUARANTINE}discard/",
        quarantine.quarantine_discard,
        name="amazon-quarantine-discard",
    ),
]
