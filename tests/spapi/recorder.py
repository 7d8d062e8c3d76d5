"""A recorder for the client's tests."""

from __future__ import annotations

from channels_amazon.spapi.recorder import CallRecord


class ListRecorder:
    """Keeps the records in a list, in order."""

    def __init__(self) -> None:
        self.calls: list[CallRecord] = []

    def record(self, call: CallRecord) -> None:
        """Append the record."""
        self.calls.append(call)
