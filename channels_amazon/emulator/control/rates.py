"""The control of the bank's exchange rates: its body and words; emulator."""

from __future__ import annotations

from ..model.state import RatesContent, World
from .actions import set_switches
from .choices import fixed, switch
from .fields import Body, Control, Field, Json


def change_rates(world: World, body: Body) -> Json:
    """Set the switches of the bank's file that were given."""
    return set_switches(world.switches.rates, body)


RATES_CONTROLS = (
    Control(
        "rates",
        "Exchange rates",
        "Which file the European Central Bank's address answers with.",
        (
            Field(
                "days_behind",
                "whole",
                "So many working days old",
                current=switch("rates.days_behind"),
            ),
            Field(
                "content",
                "text",
                "What comes",
                None,
                fixed(*RatesContent),
                current=switch("rates.content"),
            ),
        ),
        change_rates,
    ),
)
