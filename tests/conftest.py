"""Fixtures for every test: the emulator, processes, a browser where there is one."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.conf import settings as django_settings
from django.test import TransactionTestCase
from django.utils import translation
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pytest_django import DjangoDbBlocker, Settings

from tests.emptied import empty_what_was_written
from tests.migrated import copy_to_test_database
from tests.processes import Processes

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from channels_amazon.emulator.server import Emulator
    from tests.amazon_proxy import AmazonProxy

# How long an example takes says nothing on a busy machine; what measures time says so.
hypothesis_settings.register_profile(
    "suite", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("suite")

ROOT = Path(__file__).resolve().parent.parent
# One of these is behind every fixture of the database.
_DATABASE_FIXTURES = frozenset({"db", "transactional_db", "django_db_setup"})
# So many live before the collector looks at them; Python's own 700 are for programs
# that hold fewer.
_NEW_OBJECTS = 20_000
# Nothing that would reach for another host, and no sandbox, which containers lack.
BROWSER_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def django_db_keepdb(
    request: pytest.FixtureRequest,
    django_db_modify_db_settings: None,
    django_db_blocker: DjangoDbBlocker,
) -> bool:
    """Tell whether the test database is there already, copied from a migrated one.

    Then Django does what is left to do, which is nothing, and the run drops it.
    """
    with django_db_blocker.unblock():
        is_copied = copy_to_test_database()
    return is_copied or bool(request.config.getoption("reuse_db"))


@pytest.fixture(scope="session", autouse=True)
def _emptying() -> Iterator[None]:
    """Empty after a test that commits only what was written to."""
    with pytest.MonkeyPatch.context() as patch:
        name = "_fixture_teardown"
        patch.setattr(TransactionTestCase, name, empty_what_was_written)
        yield


@pytest.fixture(scope="session")
def running_emulator() -> Iterator[Emulator]:
    """Run one local Amazon for all tests of this process."""
    # Here, because its queue server takes a second to import.
    from channels_amazon.emulator.server import Emulator

    with Emulator(world="small") as emulator:
        yield emulator


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    """Leave no request's language to the next test of this process."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def _beats(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no task of this process beat beside its work.

    On a slow machine the thread's row, of another connection, would outlive the test.
    """
    from channels_amazon import tasks

    monkeypatch.setattr(tasks, "_beating", nullcontext)


@pytest.fixture(autouse=True)
def _guard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process look at the installation only when told to.

    Else it would ask the database once a second, in the midst of counted queries.
    Tests of the installation call `guard.forget()`.
    """
    from channels_amazon.rules.installation.identity import Standing
    from channels_amazon.services.installation import guard

    monkeypatch.setattr(guard, "KEPT_SECONDS", float("inf"))
    guard.keep(guard.GuardState(Standing.NEW))


@pytest.fixture
def emulator(
    running_emulator: Emulator,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> Emulator:
    """Give a local Amazon in its first state, with settings that lead to it."""
    running_emulator.control("reset")
    for name, value in running_emulator.settings().items():
        monkeypatch.setenv(name, value)
        setattr(settings, name, value)
    return running_emulator


@pytest.fixture
def amazon_proxy(
    emulator: Emulator, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[AmazonProxy]:
    """Give a proxy that every call to the local Amazon passes, to spoil answers."""
    from tests.amazon_proxy import AmazonProxy

    with AmazonProxy(emulator.url).running() as proxy:
        for name, value in proxy.settings(emulator.settings()).items():
            monkeypatch.setenv(name, value)
            setattr(settings, name, value)
        yield proxy


@pytest.fixture
def processes(transactional_db: None) -> Iterator[Processes]:
    """Give a starter of processes that see this test's database."""
    started = Processes()
    yield started
    started.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Give a Chromium without a window; skip the test where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    given = os.environ.get("SHOPLINK_CHROMIUM", "")
    path = given or next(filter(None, map(shutil.which, names)), None)
    if not path:
        pytest.skip("No Chromium is here: set SHOPLINK_CHROMIUM.")
    # Here, because most tests never need it.
    from playwright.sync_api import sync_playwright

    # Its synchronous interface runs inside an event loop, which Django mistrusts.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=BROWSER_FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def redis_url() -> str:
    """Give the address of a Redis for tests; skip the test where there is none."""
    url = os.environ.get("TEST_REDIS_URL", "")
    if not url:
        pytest.skip("No Redis is here: set TEST_REDIS_URL, or run `make test`.")
    return url


@pytest.fixture(scope="session")
def spapi_models() -> Path:
    """Give the folder of Amazon's published models; skip the test without it."""
    given = os.environ.get("SHOPLINK_SPAPI_MODELS", "")
    folder = Path(given) if given else ROOT.parent / "shared" / "spapi"
    if not (folder / "models").is_dir():
        pytest.skip("Amazon's models are not here: set SHOPLINK_SPAPI_MODELS.")
    return folder


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer to run only what can differ between two databases."""
    parser.addoption(
        "--database-only",
        action="store_true",
        help="Leave out the tests that use no database: one run tells all of them.",
    )


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Deselect what needs no database, where only the others are wanted."""
    if not config.getoption("--database-only"):
        return
    chosen = {item: _uses_database(item) for item in items}
    config.hook.pytest_deselected(items=[one for one in items if not chosen[one]])
    items[:] = [one for one in items if chosen[one]]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Spare the collector what lives as long as the run: every test and module."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS)


def _uses_database(item: pytest.Item) -> bool:
    """Tell whether the test, or a fixture that it uses, opens the database."""
    if item.get_closest_marker("django_db") is not None:
        return True
    if issubclass(getattr(item, "cls", None) or object, TransactionTestCase):
        return True
    return not _DATABASE_FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))


def pytest_configure(config: pytest.Config) -> None:
    """Make this run's scratch folder, which its processes share."""
    _scratch().mkdir(exist_ok=True)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove this run's scratch folder, in the process that began the run."""
    if os.environ["SHOPLINK_TEST_RUN"] == str(os.getpid()):
        shutil.rmtree(_scratch(), ignore_errors=True)


def _scratch() -> Path:
    return Path(django_settings.DATA_DIR)
