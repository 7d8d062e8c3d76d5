"""When a split account's quantity may rise; pure, rules layer.

The parts of split accounts never add up to more than there is. But they change at
Amazon one after another: where one account's part rises before another's has gone down,
both may sell the same unit. So a quantity rises only as far as the others have let go.
"""

from __future__ import annotations

from collections.abc import Mapping


def rises_held(
    available: int, wanted: Mapping[int, int], shown: Mapping[int, int]
) -> dict[int, int]:
    """Return what each split listing publishes now, of what it is to publish.

    Both are by listing: `wanted` is its part, `shown` what Amazon may still sell of it:
    the last number that it may have, less what was sold since. A listing without one
    shows nothing. Call it again when a lower number was accepted: once they all are,
    nothing is held any more.
    """
    room = max(0, available - sum(shown.get(one, 0) for one in wanted))
    published: dict[int, int] = {}
    # What shows the least comes first: it may have sold out.
    for one in sorted(wanted, key=lambda listing: (shown.get(listing, 0), listing)):
        before = shown.get(one, 0)
        rise = min(max(0, wanted[one] - before), room)
        room -= rise
        published[one] = min(wanted[one], before + rise)
    return published
