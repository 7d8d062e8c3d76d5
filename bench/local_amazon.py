"""The local Amazon in a process of its own, so that its CPU is not counted."""

from __future__ import annotations

import json
import subprocess
import sys
from types import TracebackType
from typing import Any, Self
from urllib.request import Request, urlopen


class LocalAmazon:
    """Starts `manage.py emulator` on free ports and ends it."""

    def __enter__(self) -> Self:
        """Start, and read the address and settings from its first line."""
        self._process = subprocess.Popen(
            [sys.executable, "manage.py", "emulator", "--port", "0", "--json"],
            stdout=subprocess.PIPE,
            text=True,
        )
        lines = self._process.stdout
        said = json.loads(lines.readline() if lines else "")
        self.url: str = said["url"]
        self.settings: dict[str, str] = said["settings"]
        return self

    def control(self, name: str, body: dict[str, Any]) -> Any:
        """Use one of its controls."""
        request = Request(  # noqa: S310 - an address of this machine
            f"{self.url}/_emulator/{name}",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.loads(answer.read())

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process and wait for it."""
        self._process.terminate()
        self._process.wait(timeout=20)
