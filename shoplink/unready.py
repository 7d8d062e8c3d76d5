"""Answers for the health check where Shoplink cannot even start."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from channels_amazon.spapi.redact import redact_text

COMMAND = "health_check"
# As `manage.py health_check` ends when it could not look.
EXIT_CODE = 3


def answers(arguments: Sequence[str]) -> bool:
    """Tell whether a command line is one that is to be answered here."""
    return list(arguments[1:2]) == [COMMAND]


def say_why(arguments: Sequence[str], error: Exception) -> int:
    """Print in the form of a report why nothing could be checked; return the status."""
    given = [word for word in arguments[2:] if not word.startswith("-")]
    said = redact_text(str(error)).strip() or type(error).__name__
    cause = f"Shoplink cannot start: {said}"
    fix = "Correct the setting that is named, then run it again."
    if "--json" not in arguments:
        sys.stdout.write(f"ERROR unknown: {cause}\n    {fix}\n")
        return EXIT_CODE
    finding = {
        "check": "host",
        "code": "unknown",
        "level": "error",
        "cause": cause,
        "fix": fix,
        "evidence": {"error": type(error).__name__, "said": said},
        "consequence_of": "",
    }
    report = {
        "account": given[0] if given else "all",
        "status": "error",
        "findings": [finding],
        "well": [],
        "checks": [],
    }
    sys.stdout.write(json.dumps(report, ensure_ascii=False, indent=2) + "\n")
    return EXIT_CODE
