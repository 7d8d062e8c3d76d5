"""The form that sets a store's address for messages; forms layer."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from channels_amazon.models import StoreEndpoint

_LONGEST = 500


class EndpointForm(forms.Form):
    """Where the store is told of its orders, and whether it is."""

    url = forms.CharField(
        label=_("Address"),
        max_length=_LONGEST,
        widget=forms.URLInput(attrs={"placeholder": "https://shop.example/webhooks"}),
        help_text=_("Each change of an order is sent there as a signed POST request."),
    )
    is_active = forms.BooleanField(label=_("Send messages"), required=False)

    def __init__(self, endpoint: StoreEndpoint | None, data: Any = None) -> None:
        initial: dict[str, Any] = {"is_active": True}
        if endpoint is not None:
            initial = {"url": endpoint.url, "is_active": endpoint.is_active}
        super().__init__(data, label_suffix="", initial=initial)
