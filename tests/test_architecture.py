"""What docs/architecture.md says of files and names is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings

APP = Path(settings.BASE_DIR) / "channels_amazon"
TEXT = (Path(settings.BASE_DIR) / "docs" / "architecture.md").read_text("utf-8")
# A row of "Where do I find it": the rule, its file, its name.
_RULE = re.compile(
    r"^\| (?P<rule>[^|]+) \| `(?P<file>[\w/]+\.py)` \| `(?P<name>\w+)` \|$"
)
# In the walks a file stands before the name that the hop calls there.
_HOP = re.compile(r"`(?P<file>[\w/]+\.py)` `(?P<name>\w+)`")
_FILE = re.compile(
    r"`((?:admin|emulator|forms|health|models|rules|services|spapi|"
    r"storefronts|sync|tests|views|worker)/[\w/]*(?:\.py)?)`"
)
RULES = [
    match.groupdict() for line in TEXT.splitlines() if (match := _RULE.match(line))
]
HOPS = [match.groupdict() for match in _HOP.finditer(TEXT)]


def names_of(path: Path) -> set[str]:
    """Return what the module defines at its top."""
    found: set[str] = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
        elif isinstance(node, ast.Assign):
            found |= {one.id for one in node.targets if isinstance(one, ast.Name)}
    return found


def test_thirty_rules_have_one_home_each() -> None:
    rules = [row["rule"] for row in RULES]
    assert len(rules) >= 30
    assert len(set(rules)) == len(rules)


@pytest.mark.parametrize("row", [*RULES, *HOPS], ids=lambda row: row["file"])
def test_name_is_in_its_file(row: dict[str, str]) -> None:
    assert row["name"] in names_of(APP / row["file"])


def test_every_file_that_is_named_is_there() -> None:
    named = set(_FILE.findall(TEXT))
    roots = (APP, APP.parent)
    gone = {one for one in named if not any((root / one).exists() for root in roots)}
    assert named
    assert gone == set()
