"""`manage.py makemessages`: also collects what is stored; management layer."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import makemessages


class Command(makemessages.Command):
    """Collect the texts to translate, those of channels_amazon/wording.py too."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.xgettext_options = [
            *self.xgettext_options,
            "--keyword=sentence",
            "--keyword=counted:1,2",
        ]
