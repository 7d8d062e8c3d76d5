"""The tree stays honest: where code lies, how large it is, who imports whom."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from textwrap import dedent

import pytest

from bench.measure import percentile

ROOT = Path(__file__).resolve().parent.parent
APP = ROOT / "channels_amazon"
FOLDERS = ("channels_amazon", "shoplink", "dev", "bench", "tests")
# The layers that have one folder a subject.
LAYERS = ("services", "sync", "rules", "views", "emulator")
# Django imports these packages themselves, and so finds what they import.
WITH_CODE = {"channels_amazon/admin/__init__.py", "channels_amazon/models/__init__.py"}
# What the tests have beside the application's own folders.
OWN_TESTS = {"bench", "dev", "fidelity", "shoplink", "whole"}
# A subject with one page has one file beside its addresses, and no second to invent.
ONE_PAGE = {
    f"channels_amazon/views/{subject}"
    for subject in ("notifications", "order_reports", "pricing", "privacy", "webhooks")
}
# What several subjects' templates share.
SHARED_TEMPLATES = {"parts"}
# Where the modules of a folder lie: what has one subject has no folder in the tests.
WITHIN = ("", "apis", "checks", "commands")
# Tests that are named for what they try, since it is no single module of the
# application: the tools of the tests, a path through several modules, a command.
OF_NO_MODULE = {
    "health/test_fault_pairs.py": "every check",
    "health/test_rows.py": "every check of our own rows",
    "emulator/orders/test_selling.py": "a sale from its order to its report",
    "emulator/test_command.py": "the emulator's command, in a process",
    "health/test_command.py": "the command, in a process",
    "health/test_docs.py": "the pages of docs/health",
    "health/test_queue.py": "the checks of queue and notifications",
    "health/test_report.py": "a whole report, of all checks",
    "rules/events/test_other_events.py": "what all events but two have in common",
    "rules/order_fetch/test_oracle.py": "the planner against the best there is",
    "models/test_indexes.py": "the indexes of all models",
    "services/notifications/test_unreadable_details.py": "a message that is damaged",
    "services/orders/test_event_order.py": "events in any order",
    "services/orders/test_unreadable_details.py": "an order that is damaged",
    "services/order_reports/test_follow_up.py": "what follows from a report",
    "services/stock/test_concurrency.py": "the stock under several processes",
    "spapi/test_amazon_proxy.py": "the tests' proxy with faults",
    "spapi/test_minimal_answers.py": "all readers against Amazon's models",
    "sync/shipping/test_lost_answers.py": "a confirmation without an answer",
    "spapi/test_emulated.py": "every operation against the emulator",
    "spapi/test_emulated_feeds.py": "the feeds' operations likewise",
    "spapi/test_emulated_outbound.py": "the outbound operations likewise",
    "spapi/test_emulated_reports.py": "the reports' operations likewise",
    "sync/mcf/test_faults.py": "MCF orders under faults",
    "sync/order_reports/test_completeness.py": "that no order is missed",
    "sync/orders/test_data_sets.py": "personal data by fetch and sweep",
    "sync/orders/test_order_path.py": "the way of an order, from message to stock",
    "sync/runtime/test_batch.py": "several jobs of one claim",
    "sync/runtime/test_idle.py": "what an idle account costs",
    "sync/runtime/test_keys_differ.py": "runs of a process with wrong keys",
    "sync/runtime/test_reading.py": "a run that only reads",
    "sync/runtime/test_sync_command.py": "the command that runs one job",
    "sync/shipping/test_shipment_edits.py": "an edit, as Amazon gets it",
    "test_architecture.py": "docs/architecture.md",
    "test_emptied.py": "what a test that commits leaves",
    "test_fixtures.py": "the tests' own fixtures",
    "test_layout.py": "the tree",
    "test_migrated.py": "the tests' own databases",
    "test_network.py": "that no test leaves this host",
    "test_order_writers.py": "who writes orders",
    "test_processes.py": "the tests' own processes",
    "test_row_locks.py": "how rows are locked",
    "test_upgrade.py": "all migrations",
    "test_upgrade_goes_on.py": "all migrations, and the work after them",
    "views/test_access.py": "who sees which page",
    "views/test_stored_sentences.py": "stored sentences on pages",
    "views/test_tags.py": "the tags of the templates",
    "views/test_translations.py": "the pages in Chinese",
    "worker/test_recovery.py": "the worker under kills",
    "worker/test_worker.py": "the worker's processes together",
    "views/test_chinese_words.py": "the Chinese of the whole catalogue",
    "test_plurals.py": "every text that counts",
}
LONGEST_FILE = 400
LONGEST_FUNCTION = 50
# Lines that nine of ten functions do not exceed.
USUAL_FUNCTION = 25


@cache
def parsed(path: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def python_files(*folders: str) -> Iterator[Path]:
    """Yield every Python file of the folders, migrations apart."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def named(path: Path) -> str:
    """Return where a file or folder lies in the project."""
    return path.relative_to(ROOT).as_posix()


def modules_of(folder: Path) -> list[Path]:
    """Return the files of a folder that hold code; a list of addresses is none."""
    without = {"__init__.py", "urls.py"}
    return [path for path in folder.glob("*.py") if path.name not in without]


def subject_folders(layer: Path) -> list[Path]:
    """Return the folders of a layer that hold Python files."""
    return [
        folder
        for folder in sorted(layer.iterdir())
        if folder.is_dir() and any(folder.glob("*.py"))
    ]


def imports(path: Path) -> Iterator[str]:
    """Yield the full names that a file imports: modules, and what is taken of them."""
    package = path.relative_to(ROOT).with_suffix("").parts
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = list(package[: -node.level]) if node.level else []
            module = ".".join([*above, *filter(None, [node.module])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def neighbours(layer: Path) -> dict[str, set[str]]:
    """Return which subject folders of a layer import which others of it."""
    prefix = f"{named(layer).replace('/', '.')}."
    names = {folder.name for folder in subject_folders(layer)}
    found: dict[str, set[str]] = {}
    for name in names:
        files = sorted((layer / name).rglob("*.py"))
        targets = {
            target.removeprefix(prefix).partition(".")[0]
            for path in files
            for target in imports(path)
            if target.startswith(prefix)
        }
        found[name] = targets & names - {name}
    return found


def circle(graph: dict[str, set[str]]) -> list[str]:
    """Return the subjects that stand in or above a circle; none when there is none."""
    left = dict(graph)
    while free := [name for name, wants in left.items() if not wants & left.keys()]:
        for name in free:
            del left[name]
    return sorted(left)


def code_of(path: Path) -> list[ast.stmt]:
    """Return a file's statements without its docstring."""
    body = parsed(path).body
    is_told = bool(body) and ast.get_docstring(parsed(path)) is not None
    return body[1:] if is_told else body


def functions() -> Iterator[tuple[str, list[str]]]:
    """Yield every function's place with its lines."""
    for path in python_files(*FOLDERS):
        lines = path.read_text(encoding="utf-8").splitlines()
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                place = f"{named(path)}:{node.lineno} {node.name}"
                yield place, lines[node.lineno - 1 : node.end_lineno]


def code_lines(lines: list[str]) -> int:
    """Return how many of a function's lines hold code."""
    text = "\n".join(lines)
    told = ast.get_docstring(ast.parse(dedent(text)).body[0], clean=False)  # type: ignore[arg-type]
    written = [line for line in lines if line.strip() and line.strip()[0] != "#"]
    said = [line for line in (told or "").splitlines() if line.strip()]
    return len(written) - len(said)


@pytest.mark.parametrize("layer", LAYERS)
def test_subject_folder_has_more_than_one_file(layer: str) -> None:
    alone = {
        named(folder)
        for folder in subject_folders(APP / layer)
        if len(modules_of(folder)) < 2 and not subject_folders(folder)
    }
    # Equal: a subject that got its second page is an exception no more.
    assert alone == {one for one in ONE_PAGE if one.split("/")[1] == layer}


def test_templates_lie_as_the_pages_do() -> None:
    folders = ROOT / "templates" / "channels_amazon"
    found = {folder.name for folder in folders.iterdir() if folder.is_dir()}
    subjects = {folder.name for folder in subject_folders(APP / "views")}

    assert found - SHARED_TEMPLATES == subjects


def test_templates_compare_no_stored_word() -> None:
    # A row says it by a property: a status that is renamed would end in silence here.
    bare = re.compile(r"\.(state|status|fulfilled_by) *(==|!=) *[\"']")
    found = [
        f"{named(path)}: {line.strip()}"
        for path in sorted((ROOT / "templates").rglob("*.html"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if bare.search(line)
    ]
    assert found == []


def test_no_symbolic_link_is_tracked() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--stage"], cwd=ROOT, capture_output=True, text=True
    )
    if listed.returncode:
        pytest.skip("This copy of the project has no history.")
    links = [line for line in listed.stdout.splitlines() if line.startswith("120000")]

    assert links == []


def test_packages_hold_no_code() -> None:
    with_code = {
        named(path)
        for path in python_files(*FOLDERS)
        if path.name == "__init__.py" and code_of(path)
    }
    assert with_code == WITH_CODE


@pytest.mark.parametrize("layer", LAYERS)
def test_package_of_a_subject_says_what_lives_there(layer: str) -> None:
    silent = [
        named(folder)
        for folder in subject_folders(APP / layer)
        if not ast.get_docstring(parsed(folder / "__init__.py"))
    ]
    assert silent == []


def test_files_are_short() -> None:
    long = {
        named(path): lines
        for path in python_files(*FOLDERS)
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }
    assert long == {}


def test_functions_are_short() -> None:
    found = dict(functions())
    usual = percentile([len(lines) for lines in found.values()], 0.9)
    long = {
        place: lines
        for place, text in found.items()
        if (lines := code_lines(text)) > LONGEST_FUNCTION
    }
    assert usual <= USUAL_FUNCTION
    assert long == {}


@pytest.mark.parametrize("layer", LAYERS)
def test_subjects_of_a_layer_import_each_other_in_one_direction(layer: str) -> None:
    assert circle(neighbours(APP / layer)) == []


def test_circle_is_seen() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}, "e": set()}
    assert circle(graph) == ["a", "b", "c", "d"]


def test_tests_lie_as_the_application_does() -> None:
    tests = ROOT / "tests"
    strange = [
        named(folder)
        for folder in sorted(tests.rglob("*"))
        if folder.is_dir()
        and any(folder.glob("*.py"))
        and folder.relative_to(tests).parts[0] not in OWN_TESTS
        and not (APP / folder.relative_to(tests)).is_dir()
    ]
    assert strange == []


def is_of_a_module(test: Path) -> bool:
    """Tell whether a test's name is a module's of its folder, or begins with one's."""
    folder = APP / test.relative_to(ROOT / "tests").parent
    files = [path for within in WITHIN for path in (folder / within).glob("*")]
    # A migration is named without its number.
    modules = {re.sub(r"^\d{4}_", "", path.stem) for path in files}
    name = test.stem.removeprefix("test_")
    return any(f"{name}_".startswith(f"{module}_") for module in modules)


def test_each_test_file_is_of_a_module() -> None:
    tests = ROOT / "tests"
    strange = {
        path.relative_to(tests).as_posix()
        for path in tests.rglob("test_*.py")
        if path.relative_to(tests).parts[0] not in OWN_TESTS
        and not is_of_a_module(path)
    }
    assert strange == set(OF_NO_MODULE)


def test_tests_import_no_other_test_file() -> None:
    found = [
        f"{named(path)}: {name}"
        for path in python_files("tests", "bench")
        for name in imports(path)
        if any(part.startswith("test_") for part in name.split(".")[1:-1])
        or (name.startswith("tests.") and name.rpartition(".")[2].startswith("test_"))
    ]
    assert found == []
