"""The moment for which a published number is asked; forms layer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from channels_amazon.forms.local_times import LocalTimeField


class NumberFilter(forms.Form):
    """A moment by the reader's clocks; nonsense asks for none."""

    at = LocalTimeField(label=_("At the moment"), required=False, is_later=True)

    def __init__(self, data: Any) -> None:
        super().__init__(data, label_suffix="")
        self.is_valid()

    def moment(self) -> datetime | None:
        """Return the moment (UTC), None where none is asked for."""
        value: datetime | None = self.cleaned_data.get("at")
        return value
