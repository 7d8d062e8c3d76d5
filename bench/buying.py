"""Buyers for the benchmarks: orders at a steady rate, spread over sellers."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Buyers:
    """Place `rate` orders a second for `seconds`, by turns at each of the sellers."""

    control: Callable[..., Any]
    seller_ids: Sequence[str]
    rate: float
    seconds: float
    fulfilled_by: str = "MERCHANT"
    # Units of each order; None: as the local Amazon's chance has it.
    quantity: int | None = None
    order_ids: list[str] = field(default_factory=list)
    _thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._buy, daemon=True)

    def start(self) -> None:
        """Begin in a thread of its own."""
        self._thread.start()

    def finish(self) -> list[str]:
        """Wait for the last order; return the ids of all."""
        self._thread.join()
        return self.order_ids

    def _buy(self) -> None:
        began = time.monotonic()
        turns = itertools.cycle(self.seller_ids)
        wished = {} if self.quantity is None else {"quantity": self.quantity}
        for number in range(round(self.rate * self.seconds)):
            # By the clock, so that a slow answer does not lower the rate.
            time.sleep(max(0.0, began + number / self.rate - time.monotonic()))
            answer = self.control(
                "orders",
                n=1,
                seller_id=next(turns),
                fulfilled_by=self.fulfilled_by,
                **wished,
            )
            self.order_ids += answer["order_ids"]
