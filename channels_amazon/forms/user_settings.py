"""The form of a user's own settings; forms layer."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from channels_amazon.forms.local_times import time_zones


class UserSettingsForm(forms.Form):
    """In which time zone the user reads and writes times.

    `unchosen` is the zone that they have without a choice, in words.
    """

    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)

    def __init__(self, data: Any = None, *, chosen: str, unchosen: str) -> None:
        super().__init__(data, label_suffix="", initial={"time_zone": chosen})
        field: Any = self.fields["time_zone"]
        itself = gettext("By itself: %(zone)s") % {"zone": unchosen}
        field.choices = [("", itself), *time_zones(chosen)]
