"""An operator of a chaos run: ships orders on the pages, clicking twice at times."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime

import requests

from tests.whole.installation import Installation

# Of so many packages the form is sent twice at one moment.
CLICKED_TWICE = 0.3
# A click whose answer was lost is repeated; the web's killed child is back by then.
MOST_CLICKS = 60


@dataclass(frozen=True)
class Parcel:
    """One package that the operator made: of which order, with how many units."""

    order_id: str
    tracking_number: str
    units: int


@dataclass
class Operator:
    """Ship the orders that are wished for, as soon as the product shows them."""

    product: Installation
    seed: int
    parcels: list[Parcel] = field(default_factory=list)
    clicks: Counter[str] = field(default_factory=Counter)
    failed: list[BaseException] = field(default_factory=list)
    _wishes: dict[str, bool] = field(default_factory=dict)
    _stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        # Repeatable; nothing secret comes from it.
        self._chance = random.Random(f"{self.seed} operator")  # noqa: S311
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._cookies: dict[str, str] = {}

    def wish(self, order_id: str, *, in_parts: bool) -> None:
        """Have the order shipped when it can be, in two packages if wished."""
        self._wishes[order_id] = in_parts

    def start(self) -> None:
        """Sign in and begin to ship, in a thread of its own."""
        self._sign_in()
        self._thread.start()

    def finish(self, patience: float) -> list[str]:
        """Ship what is left; return what was not, once nothing went for so long."""
        left, since = len(self._wishes), time.monotonic()
        while left and not self.failed and time.monotonic() - since < patience:
            time.sleep(0.2)
            if len(self._wishes) < left:
                left, since = len(self._wishes), time.monotonic()
        self._stopping.set()
        self._thread.join(timeout=60)
        if self.failed:
            raise self.failed[0]
        return sorted(self._wishes)

    def _run(self) -> None:
        try:
            while not self._stopping.wait(0.3):
                for order_id, (row, lines) in self._shippable().items():
                    self._ship(order_id, row, lines)
        except BaseException as error:  # noqa: BLE001 - told by `finish`
            self.failed.append(error)

    def _shippable(self) -> dict[str, tuple[int, dict[int, int]]]:
        """Return the wished orders that can be shipped: row, units by line."""
        wished = ", ".join(f"'{order_id}'" for order_id in list(self._wishes))
        if not wished:
            return {}
        rows = self.product.rows(
            "SELECT o.amazon_order_id, o.id, l.id, l.quantity "  # noqa: S608
            "FROM channels_amazon_order o "
            "JOIN channels_amazon_orderline l ON l.order_id = o.id "
            "WHERE o.completed_at IS NOT NULL AND o.status = 'unshipped' "
            f"AND o.amazon_order_id IN ({wished}) ORDER BY o.id, l.id"
        )
        found: dict[str, tuple[int, dict[int, int]]] = {}
        for order_id, row, line, units in rows:
            found.setdefault(order_id, (row, {}))[1][line] = units
        return found

    def _ship(self, order_id: str, row: int, lines: dict[int, int]) -> None:
        portions = [lines]
        if self._wishes[order_id]:
            first = min(lines)
            rest = lines | {first: lines[first] - 1}
            portions = [{first: 1}, {line: n for line, n in rest.items() if n}]
        for units in portions:
            tracking = f"1ZCHAOS{len(self.parcels):06d}"
            self.parcels.append(Parcel(order_id, tracking, sum(units.values())))
            self._send(row, tracking, units)
        del self._wishes[order_id]

    def _send(self, row: int, tracking: str, units: dict[int, int]) -> None:
        form = {
            "carrier": "UPS",
            "tracking_number": tracking,
            "shipped_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
            "shipped_at_zone": "UTC",
        }
        form |= {f"line_{line}": str(number) for line, number in units.items()}
        times = 2 if self._chance.random() < CLICKED_TWICE else 1
        answers: list[str] = []
        for _click in range(MOST_CLICKS):
            with ThreadPoolExecutor(times) as hands:
                answers = list(hands.map(self._click, [row] * times, [form] * times))
            self.clicks.update(answers)
            # A person who saw no answer clicks again, and one who saw one does not.
            if "taken" in answers:
                return
            time.sleep(0.5)
        raise AssertionError(f"{tracking} could not be shipped: {answers}")

    def _click(self, row: int, form: dict[str, str]) -> str:
        token = {"csrfmiddlewaretoken": self._cookies["csrftoken"]}
        try:
            answer = requests.post(
                f"{self.product.web}/admin/amazon/orders/{row}/ship/",
                data=form | token,
                cookies=self._cookies,
                timeout=40,
                allow_redirects=False,
            )
        except requests.RequestException:
            return "no answer"
        # A lost session would lead to the sign-in.
        if answer.status_code == 302 and "/orders/" in answer.headers["Location"]:
            return "taken"
        return f"status {answer.status_code}"

    def _sign_in(self) -> None:
        user, password = self.product.sign_in()
        address = f"{self.product.web}/admin/login/"
        with requests.Session() as browser:
            browser.get(address, timeout=30)
            token = {"csrfmiddlewaretoken": browser.cookies["csrftoken"]}
            fields = {"username": user, "password": password} | token
            answer = browser.post(
                address, data=fields, timeout=30, allow_redirects=False
            )
            assert answer.status_code == 302, answer.text
            self._cookies = dict(browser.cookies)
