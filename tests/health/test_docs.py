"""Every check has its page."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

from channels_amazon.health.progress import OVER, CheckProgress, CheckState
from channels_amazon.health.registry import all_checks
from channels_amazon.services.jobs.status import FAILING_AFTER

DOCS = Path(settings.BASE_DIR) / "docs" / "health"


def test_every_check_has_its_page_and_every_page_its_check() -> None:
    pages = {path.stem for path in DOCS.glob("*.md")} - {"index"}
    assert pages == {check.id for check in all_checks()}


def test_documented_json_names_every_state_and_field_of_a_check() -> None:
    text = (DOCS / "index.md").read_text(encoding="utf-8")
    (told,) = re.findall(r'"checks": \[\{([^}]*)\}\]', text)
    (states,) = re.findall(r'"state": "([^"]*)"', told)
    assert sorted(states.split("|")) == sorted({*OVER, CheckState.NOT_RUN})
    fields = set(CheckProgress.__annotations__) - {"state"}
    assert all(f'"{name}"' in told for name in fields)


def test_page_of_the_jobs_says_after_how_many_failures() -> None:
    text = (DOCS / "jobs.md").read_text(encoding="utf-8")
    assert f"failed {FAILING_AFTER} times in a row" in text
