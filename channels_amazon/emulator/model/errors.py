"""What cannot be done to an order of the emulated Amazon; emulator."""

from __future__ import annotations


class LifecycleError(ValueError):
    """The order cannot change in this way now."""
