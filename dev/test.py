"""Runs the suite on SQLite and on PostgreSQL, the browser tests once: `make test`.

Arguments are handed to pytest, which then runs once, on SQLite or, when the first is
--postgresql, on PostgreSQL: `make test ARGS="--postgresql tests/sync"`. With --chaos,
a seed and a number it kills so many processes, on both: `make chaos`; what follows is
handed to pytest.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import psycopg
from psycopg.sql import SQL, Identifier

from dev import lanes, services

ROOT = Path(__file__).resolve().parent.parent
_NO_TESTS = 5
# How pytest begins the lines that name what failed.
_FAILURES = ("FAILED ", "ERROR ")
# These measure time or start many processes: they run one after another.
_ALONE = "browser or chaos or alone"
_ON_BOTH = "chaos"
# A database is chosen run by run. Without bytecode on disk each of the hundreds of
# processes that the tests start would compile the whole project for itself.
_UNWANTED = {"DATABASE_URL", "PYTHONDONTWRITEBYTECODE"}
# What the chaos run does unless told otherwise; the suite itself kills fewer.
_CHAOS = {"CHAOS_SEED": "1", "CHAOS_KILLS": "200"}


def main(arguments: list[str]) -> int:
    """Prepare the services, run what `arguments` choose, return 1 on any failure."""
    needs = Needs()
    with ExitStack() as stack:
        environment = _environment(stack, needs)
        if arguments[:1] == ["--chaos"]:
            failed = _chaos(arguments[1:], environment, stack, needs)
        elif arguments:
            failed = _chosen(arguments, environment, stack, needs)
        else:
            failed = _suite(environment, needs.enter(stack, services.postgresql))
    for reason in needs.missing:
        print(f"Not run, because: {reason}")
    if needs.missing and _in_ci():
        print("In CI nothing may be missing.")
        failed.append("services")
    print(f"Failed: {', '.join(failed)}." if failed else "Every run passed.")
    return 1 if failed else 0


class Needs:
    """What the tests need of the machine, and what of it is missing."""

    def __init__(self) -> None:
        self.missing: list[str] = []

    def enter(self, stack: ExitStack, service: services.Service) -> str:
        """Start `service` until `stack` closes; return its address, or nothing."""
        try:
            return stack.enter_context(service())
        except services.Missing as reason:
            self.missing.append(str(reason))
            return ""

    def browser(self) -> str:
        """Return the path of a browser, or nothing."""
        try:
            return services.browser()
        except services.Missing as reason:
            self.missing.append(str(reason))
            return ""


def _environment(stack: ExitStack, needs: Needs) -> dict[str, str]:
    """Return the environment of the tests: an absent name makes them skip."""
    found = {
        "TEST_REDIS_URL": needs.enter(stack, services.redis),
        "SHOPLINK_CHROMIUM": needs.browser(),
    }
    base = {k: v for k, v in os.environ.items() if k not in _UNWANTED}
    return base | {name: value for name, value in found.items() if value}


def _chaos(
    wished: list[str], environment: dict[str, str], stack: ExitStack, needs: Needs
) -> list[str]:
    """Kill many processes on each database; return the titles of failed runs."""
    given = _CHAOS | dict(zip(_CHAOS, wished, strict=False))
    chosen_tests = wished[len(_CHAOS) :]
    databases = {"SQLite": "", "PostgreSQL": needs.enter(stack, services.postgresql)}
    failed = []
    for name, address in databases.items():
        if not address and name != "SQLite":
            continue
        chosen = environment | given
        if address:
            chosen["DATABASE_URL"] = address
        title = f"{name}, {chosen['CHAOS_KILLS']} kills, seed {chosen['CHAOS_SEED']}"
        if _pytest(title, [*chosen_tests, "-m", "chaos"], chosen):
            failed.append(title)
    return failed


def _chosen(
    arguments: list[str], environment: dict[str, str], stack: ExitStack, needs: Needs
) -> list[str]:
    """Run what was asked for; return the titles of the runs that failed."""
    if arguments[0] == "--postgresql":
        address = needs.enter(stack, services.postgresql)
        if not address:
            return ["PostgreSQL"]
        arguments, environment = arguments[1:], environment | {"DATABASE_URL": address}
    return ["chosen tests"] if _pytest("chosen tests", arguments, environment) else []


def _suite(environment: dict[str, str], postgresql: str) -> list[str]:
    """Migrate a database of each kind, run everything on copies; return what failed."""
    with TemporaryDirectory(prefix="shoplink-migrated-") as folder:
        migrated = {"": f"sqlite:///{folder}/migrated.sqlite3"}
        if postgresql:
            migrated[postgresql] = _made(postgresql, "shoplink_migrated")
        # What the commands say of themselves would be in the way here.
        quiet = {"DJANGO_SETTINGS_MODULE": "tests.settings", "LOG_LEVEL": "WARNING"}
        command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        steps = [
            lanes.Run(f"Migrating {address.partition(':')[0]}", command, given)
            for address in migrated.values()
            for given in [environment | quiet | {"DATABASE_URL": address}]
        ]
        codes = lanes.do([[step] for step in steps], ROOT)
        return [title for title, code in codes.items() if code] or _all_runs(
            environment, migrated
        )


def _made(server: str, name: str) -> str:
    """Make a database of PostgreSQL; return its address."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    return urlsplit(server)._replace(path=f"/{name}").geturl()


def _all_runs(environment: dict[str, str], migrated: dict[str, str]) -> list[str]:
    """Run everything; return the titles of the runs that failed.

    What runs one after another measures time: nothing else may run beside it.
    `migrated` are the databases to copy, by the address under which each kind is asked
    for.
    """
    # A file's tests stay together: some files end by asking what all of them did.
    together = ["-n", "2", "--dist", "loadfile"]
    apart = ["-m", f"not ({_ALONE})"]

    def run(title: str, database: str, *arguments: str) -> lanes.Run:
        given = {"SHOPLINK_TEST_TEMPLATE": migrated[database]}
        given |= {"DATABASE_URL": database} if database else {}
        return lanes.Run(title, _command(list(arguments)), environment | given)

    alone = [run("SQLite, one after another", "", "-m", _ALONE)]
    others = [run("SQLite, side by side", "", *together, *apart)]
    for postgresql in filter(None, migrated):
        alone += [run("PostgreSQL, one after another", postgresql, "-m", _ON_BOTH)]
        only = [*together, "--database-only", *apart]
        others += [run("PostgreSQL, side by side", postgresql, *only)]
    codes = lanes.do([[*alone, *others]], ROOT, again=_FAILURES)
    return [
        one.title
        for one in [*alone, *others]
        if _is_failure(codes[one.title], one.command)
    ]


def _pytest(title: str, arguments: list[str], environment: dict[str, str]) -> bool:
    """Run some tests; tell whether that failed."""
    print(f"-- {title}", flush=True)
    command = _command(arguments)
    code = subprocess.run(command, cwd=ROOT, env=environment).returncode
    return _is_failure(code, command)


def _command(arguments: list[str]) -> list[str]:
    return [sys.executable, "-m", "pytest", "-q", *arguments]


def _is_failure(code: int, command: list[str]) -> bool:
    # A tree without tests of one kind is no failure; one without any is.
    return code != 0 and not (code == _NO_TESTS and command[-1] in {_ALONE, _ON_BOTH})


def _in_ci() -> bool:
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
