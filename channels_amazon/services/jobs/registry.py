"""Knows every kind of job and what its reconciler says of itself; services layer.

A kind is declared in one place, the decorator of its reconciler in the sync layer. The
application's `ready()` imports that layer, so that the registry is full before a page
is shown or a job is run.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from types import ModuleType
from typing import Any, TypedDict, TypeVar, Unpack

from django.core.exceptions import ImproperlyConfigured
from django.db.models import QuerySet
from django.utils.functional import Promise

from channels_amazon.models import label
from channels_amazon.wording import Sentence

# What a reconciler is given and answers is the business of the sync layer.
Run = Callable[[Any], Any]
# Gives the ids of accounts that have a row which is due at that time.
DueAccounts = Callable[[datetime], QuerySet[Any, Any]]

_Run = TypeVar("_Run", bound=Run)

# An event-driven job has nothing to do until it is woken: its own look around is the
# last of three nets, below the wake-up and the minute's question for all accounts.
HALF_A_DAY = timedelta(hours=12)
# What has just run and left a due row lying had a reason: not again before that time.
NET_PAUSE = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Reconciler:
    """What there is to know of a kind of job.

    It runs every `interval` of its own accord, and competes for a worker as if it had
    been due for `head_start` longer. `permission` is the capability (of
    `Permission.Name`) that it lacks where Amazon refuses it; `first_pull` its place
    among the steps after a consent, None for a job that only follows changes.
    `due_accounts` is asked once a minute for all accounts together; those it names
    are woken unless they ran within `net_pause`. `needs_marketplaces` says that it can
    begin only once the account's country sites are known. `is_regular`: it reads what
    is at Amazon again and again, whatever happens there, which people call the sync.
    """

    kind: str
    title: str | Promise
    run: Run
    interval: timedelta
    head_start: timedelta = timedelta(0)
    permission: str = ""
    first_pull: int | None = None
    due_accounts: DueAccounts | None = None
    net_pause: timedelta = NET_PAUSE
    needs_marketplaces: bool = False
    is_regular: bool = False


class Declaration(TypedDict, total=False):
    """What the decorator takes: the fields of a Reconciler without kind and run."""

    title: str | Promise
    interval: timedelta
    head_start: timedelta
    permission: str
    first_pull: int | None
    due_accounts: DueAccounts | None
    net_pause: timedelta
    needs_marketplaces: bool
    is_regular: bool


REGISTERED: dict[str, Reconciler] = {}


def reconciler(kind: str, **declared: Unpack[Declaration]) -> Callable[[_Run], _Run]:
    """Register the decorated function as what runs the jobs of `kind`.

    `title` and `interval` are required. Raises ImproperlyConfigured for a kind that
    is taken already.
    """

    def register(run: _Run) -> _Run:
        if kind in REGISTERED:
            raise ImproperlyConfigured(f"Two reconcilers are registered for {kind}.")
        if not {"title", "interval"} <= declared.keys():
            raise ImproperlyConfigured(f"The kind {kind} has no title or interval.")
        REGISTERED[str(kind)] = Reconciler(kind=str(kind), run=run, **declared)
        return run

    return register


def discover(package: ModuleType) -> None:
    """Import every module below `package`, so that each decorator in it has run."""
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        import_module(module.name)


def reconcilers() -> list[Reconciler]:
    """Return all of them: the steps of the first pull in order, then by kind."""
    return sorted(
        REGISTERED.values(),
        key=lambda one: (one.first_pull is None, one.first_pull or 0, one.kind),
    )


def kinds() -> list[str]:
    """Return the kinds of job that there are, in the order of `reconcilers`."""
    return [one.kind for one in reconcilers()]


def regular_kinds() -> frozenset[str]:
    """Return the kinds of job that are an account's regular sync."""
    return frozenset(one.kind for one in REGISTERED.values() if one.is_regular)


def get(kind: str) -> Reconciler:
    """Return the reconciler of `kind`; raises ImproperlyConfigured for another."""
    if kind not in REGISTERED:
        raise ImproperlyConfigured(f"No reconciler is registered for {kind}.")
    return REGISTERED[kind]


def title_of(kind: str) -> str | Promise:
    """Return what people call the job; the kind itself where it is not known any more.

    Its rows and runs outlive a reconciler that a later version does without.
    """
    return REGISTERED[kind].title if kind in REGISTERED else kind


def label_of(kind: str) -> Sentence:
    """Return the job's name as a sentence, to be part of another."""
    return label(title_of(kind))


def choices() -> list[tuple[str, str | Promise]]:
    """Return kinds and titles, as a form's field wants them."""
    return [(one.kind, one.title) for one in reconcilers()]


def head_start(kind: str) -> timedelta:
    """Return how much longer a job of `kind` counts as due than it is."""
    return REGISTERED[kind].head_start if kind in REGISTERED else timedelta(0)
