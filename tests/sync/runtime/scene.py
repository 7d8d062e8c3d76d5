"""What tests of the runner have every job do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from channels_amazon.sync.runtime.context import Result, RunContext

HOUR = timedelta(hours=1)
Reconcile = Callable[[RunContext], Result]
Play = Callable[[Reconcile], None]
