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
    r"^\| (?P<rule>[^|]+) \| `(?P<file>[\w/]+\.py)` \| `(?P<name>[\w.]+)` \|$"
)
# In the walks a file stands before the name that the hop calls there.
_HOP = re.compile(r"`(?P<file>[\w/]+\.py)` `(?P<name>[\w.]+)`")
# Several files of one hop, with the name that each of them has: "each a `name`".
_EACH = re.compile(r"^\| \d+ \| (?P<files>`[^|]+) \| each an? `(?P<name>\w+)`")
# Whatever looks like a file or a folder of the project; `…` and addresses do not.
_PLACE = re.compile(r"`([\w-]+(?:/[\w-]+)*(?:/|\.(?:py|html|md|toml|in|txt)))`")
_LINK = re.compile(r"\]\(([\w/-]+\.md)\)")
# Named in a row or sentence that names their folder before.
_IN_FOLDER = re.compile(r"`(?P<folder>[\w/]+/)` \((?P<files>[^)]+)\)")
ROOTS = (APP, APP.parent, APP / "emulator", APP.parent / "docs")


def rows_of(pattern: re.Pattern[str]) -> list[dict[str, str]]:
    """Return the groups of the pattern for each line it matches."""
    found = map(pattern.match, TEXT.splitlines())
    return [match.groupdict() for match in found if match]


def shared_names() -> list[dict[str, str]]:
    """Return each file of a hop of several files, with the name all of them have."""
    return [
        {"file": file, "name": row["name"]}
        for row in rows_of(_EACH)
        for file in _PLACE.findall(row["files"])
    ]


RULES = rows_of(_RULE)
HOPS = [match.groupdict() for match in _HOP.finditer(TEXT)]


def names_of(path: Path) -> set[str]:
    """Return what the module defines at its top, and `Class.name` of its classes."""
    found: set[str] = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        found |= names_set_by(node)
        if isinstance(node, ast.ClassDef):
            within = {name for one in node.body for name in names_set_by(one)}
            found |= {f"{node.name}.{name}" for name in within}
    return found


def names_set_by(node: ast.stmt) -> set[str]:
    """Return the names that a statement defines."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return {name}
        case ast.ClassDef(name=name):
            return {name}
        case ast.AnnAssign(target=ast.Name(id=name)):
            return {name}
        case ast.Assign(targets=targets):
            return {one.id for one in targets if isinstance(one, ast.Name)}
    return set()


def places() -> set[str]:
    """Return every file and folder that the text names, with its folder's name."""
    inside = {
        row["folder"] + file
        for row in (match.groupdict() for match in _IN_FOLDER.finditer(TEXT))
        for file in _PLACE.findall(row["files"])
    }
    plain = _IN_FOLDER.sub(r"`\g<folder>`", TEXT)
    return inside | set(_PLACE.findall(plain)) | set(_LINK.findall(TEXT))


def test_thirty_rules_have_one_home_each() -> None:
    rules = [row["rule"] for row in RULES]
    assert len(rules) >= 30
    assert len(set(rules)) == len(rules)


@pytest.mark.parametrize(
    "row", [*RULES, *HOPS, *shared_names()], ids=lambda row: row["file"]
)
def test_name_is_in_its_file(row: dict[str, str]) -> None:
    assert row["name"] in names_of(APP / row["file"])


def test_every_hop_with_several_files_is_read() -> None:
    assert len(shared_names()) >= 3


def test_every_place_that_is_named_is_there() -> None:
    gone = {
        place
        for place in places()
        if not any((root / place).exists() for root in ROOTS)
    }
    assert {"bench/oracle.py", "tasks.py", "pyproject.toml"} <= places()
    assert gone == set()


def test_no_rows_are_told_twice() -> None:
    told = TEXT[TEXT.index("## Rows") : TEXT.index("## Words")].splitlines()
    rows = [line.split("|")[1].strip() for line in told if line.startswith("| ")]
    assert len(set(rows)) == len(rows)
