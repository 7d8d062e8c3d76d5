"""Which function reconciles which kind of job; sync layer."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured

from channels_amazon import sync
from channels_amazon.models import SyncJob

if TYPE_CHECKING:
    from channels_amazon.sync.runtime.context import Result, RunContext

Reconcile = Callable[["RunContext"], "Result"]


@dataclass(frozen=True)
class Reconciler:
    """A registered reconciler; it runs at least once in `every`."""

    kind: str
    function: Reconcile
    every: timedelta


_RECONCILERS: dict[str, Reconciler] = {}


def reconciler(kind: str, *, every: timedelta) -> Callable[[Reconcile], Reconcile]:
    """Register the decorated function for jobs of `kind`.

    Raises ImproperlyConfigured for a kind that no job has, or one already taken.
    """

    def register(function: Reconcile) -> Reconcile:
        if kind not in SyncJob.Kind.values:
            raise ImproperlyConfigured(f"No job is of the kind {kind!r}.")
        if kind in _RECONCILERS:
            raise ImproperlyConfigured(f"Two reconcilers are registered for {kind}.")
        _RECONCILERS[kind] = Reconciler(kind, function, every)
        return function

    return register


def get(kind: str) -> Reconciler:
    """Return the reconciler of `kind`.

    Raises ImproperlyConfigured when no module of this layer registers one.
    """
    _discover()
    if kind not in _RECONCILERS:
        raise ImproperlyConfigured(f"No reconciler is registered for {kind}.")
    return _RECONCILERS[kind]


@cache
def _discover() -> None:
    """Import every module of the layer once, so that each decorator has run."""
    for module in pkgutil.walk_packages(sync.__path__, f"{sync.__name__}."):
        import_module(module.name)
