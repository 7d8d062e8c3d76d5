"""Tests of the helper that runs several processes on the test's database."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from tests.processes import ChildFailed, Processes

HERE = "tests.test_processes"
pytestmark = pytest.mark.twoprocess


def count_users(number: int) -> int:
    """Return how many users this process sees."""
    return User.objects.count()


def add_user(prefix: str, number: int) -> str:
    """Add a user named for this process."""
    return User.objects.create(username=f"{prefix}-{number}").username


def fail(number: int) -> None:
    """Raise an error."""
    raise ValueError("This child fails.")


def test_processes_see_the_rows_of_the_test(processes: Processes) -> None:
    User.objects.create(username="parent")
    assert processes.together(f"{HERE}:count_users", count=2) == [1, 1]


def test_test_sees_the_rows_of_its_processes(processes: Processes) -> None:
    names = processes.together(f"{HERE}:add_user", "child", count=2)
    assert names == ["child-0", "child-1"]
    assert User.objects.count() == 2


def test_command_runs_on_the_test_database(processes: Processes) -> None:
    child = processes.command("migrate", "--check")
    assert processes.output(child) == ""


def test_failing_process_is_told_with_its_error(processes: Processes) -> None:
    with pytest.raises(ChildFailed, match="This child fails"):
        processes.together(f"{HERE}:fail", count=1)
