"""The control of reports: its body and words; emulator."""

from __future__ import annotations

from ..reports.file import ENCODINGS
from . import actions as act
from .choices import fixed, switch
from .fields import Control, Field


def _field(name: str, kind: str, label: str, *choices: str) -> Field:
    return Field(
        name, kind, label, None, fixed(*choices), current=switch(f"reports.{name}")
    )


REPORT_CONTROLS = (
    Control(
        "reports",
        "Reports",
        "How reports are made, what their files look like, and what they leave out.",
        (
            _field("seconds", "number", "A report takes (seconds)"),
            _field("encoding", "text", "Encoding", *ENCODINGS),
            _field("charset", "yes_no", "The file tells its encoding"),
            _field("gzip", "yes_no", "Compressed"),
            _field("shuffle", "yes_no", "Columns in another order"),
            _field("extra_column", "yes_no", "With an unknown column"),
            _field("sparse", "yes_no", "Without optional columns"),
            _field("fail_next", "whole", "So many of the next fail"),
            _field("omit_orders", "whole", "Orders left out of each"),
        ),
        act.change_reports,
    ),
)
