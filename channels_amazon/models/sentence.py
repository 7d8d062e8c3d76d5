"""A column for sentences that are read in any language; models layer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext, override

from channels_amazon.rules.local_times import TO_THE_MINUTE, shown
from channels_amazon.wording import Sentence, pack, said, sentence, unpack


class SentenceField(models.TextField):  # type: ignore[type-arg]  # text in, text out
    """A text that, if it is a Sentence of ours, comes back as one.

    The column begins with the English text, so that it can be searched.
    """

    def get_prep_value(self, value: Any) -> Any:
        """Return the text with what it was made of."""
        prepared = super().get_prep_value(value)
        return pack(prepared) if isinstance(prepared, str) else prepared

    def from_db_value(self, value: str | None, *_rest: Any) -> str | None:
        """Return the text, as a Sentence where it was stored as one."""
        return value if value is None else unpack(value)


def label(text: str | Promise) -> Sentence:
    """Return a name that is translated when it is shown, to be part of a sentence."""
    with override("en"):
        return sentence(str(text))


def translated(text: str) -> str:
    """Return a stored text in the reader's language; Amazon's words stay as they are.

    Its times are by the reader's clocks. Language and time zone must be active, as they
    are in every request; elsewhere the times are in UTC.
    """
    return said(text, gettext, ngettext, _told)


def translated_packed(stored: str) -> str:
    """Return a text that `pack` made, kept outside of a column of its own."""
    return translated(unpack(stored))


def _told(time: datetime) -> str:
    return shown(time, timezone.get_current_timezone(), TO_THE_MINUTE)
