"""What is imported is chosen with a reason, pinned, and compiled with its hashes."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from dev import requirements
from dev.keys import ROOT

OURS = {"channels_amazon", "shoplink", "dev", "bench", "tests"}
PRODUCT = ("requirements.in",)
DEMO = (*PRODUCT, "requirements-emulator.in")
EVERYTHING = (*DEMO, "requirements-dev.in")
# Amazon's SDK is imported by name, where the tests have it.
BY_NAME = {"tests": {"amzn-sp-api"}}
# What a developer runs when the pages change, and an installation never does.
FOR_DEVELOPERS = {"icons.py"}


def imported(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield the packages that a file imports, and whether for its types only."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names = [node.module]
        else:
            continue
        for name in names:
            yield name.partition(".")[0], id(node) in for_types


def needed(folder: str) -> dict[str, tuple[str, ...]]:
    """Return the packages that a folder imports and the files that may name them."""
    known = packages_distributions()
    found: dict[str, tuple[str, ...]] = {}
    for path in sorted((ROOT / folder).rglob("*.py")):
        is_local_amazon = "emulator" in path.parts
        for module, for_types in imported(path):
            if module in OURS or module in sys.stdlib_module_names:
                continue
            package = requirements.plain(known[module][0])
            files: tuple[str, ...]
            is_developers = folder == "dev" and path.name in FOR_DEVELOPERS
            if for_types or is_developers or folder in {"tests", "bench"}:
                files = EVERYTHING
            else:
                files = DEMO if is_local_amazon else PRODUCT
            # The strictest place counts.
            found[package] = min(files, found.get(package, files), key=len)
    return found | dict.fromkeys(BY_NAME.get(folder, ()), EVERYTHING)


@pytest.mark.parametrize("folder", sorted(OURS))
def test_what_is_imported_is_chosen(folder: str) -> None:
    chosen = {
        file: {pin.name for pin in requirements.chosen(ROOT / file)}
        for file in EVERYTHING
    }
    missing = {
        package
        for package, files in needed(folder).items()
        if not any(package in chosen[file] for file in files)
    }
    assert missing == set()


def test_compiled_lists_are_fresh_and_have_hashes() -> None:
    assert list(requirements.faults(ROOT)) == []


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("django==5.2.19", "django==5.2.18", "lacks django 5.2.19 of requirements.in"),
        ("    --hash=", "    #", "django has no hash"),
        ("redis==", "valkey==", "requirements.in no longer names valkey"),
        ("# This file", "--index-url https://index.example\n#", "names a host"),
    ],
)
def test_fault_of_a_compiled_list_is_named(
    tmp_path: Path, before: str, after: str, fault: str
) -> None:
    for name in requirements.SETS:
        for suffix in (".in", ".txt"):
            file = f"{name}{suffix}"
            text = (ROOT / file).read_text(encoding="utf-8")
            changed = (
                text.replace(before, after) if file == "requirements.txt" else text
            )
            (tmp_path / file).write_text(changed, encoding="utf-8")
    assert any(fault in found for found in requirements.faults(tmp_path))


def test_line_without_a_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "requirements.in"
    path.write_text("# The framework.\nDjango>=5\n", encoding="utf-8")
    with pytest.raises(ValueError, match="Django>=5 is not pinned"):
        requirements.chosen(path)
