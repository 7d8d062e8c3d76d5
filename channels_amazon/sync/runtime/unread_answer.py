"""Says what of an answer's own fields cannot be read, its rows apart; sync layer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from channels_amazon.services.diagnostics.entries import Entry, Level, record_once
from channels_amazon.spapi.errors import Evidence, UnexpectedResponse
from channels_amazon.spapi.operations import Operation
from channels_amazon.sync.runtime.context import RunContext
from channels_amazon.wording import listed, sentence

# Each answer of the operation may have the same again.
_SAY_AGAIN = timedelta(days=1)


def tell_unread(
    ctx: RunContext, code: str, operation: Operation, reasons: Sequence[str]
) -> None:
    """Say, once a day, which fields beside the rows cannot be read; none, nothing."""
    if not reasons:
        return
    record_once(
        Entry(
            code=code,
            level=Level.WARNING,
            account=ctx.account,
            run=ctx.run,
            message=sentence(
                "A part of Amazon's answer to %(operation)s cannot be read and is left "
                "out: %(reasons)s.",
                operation=operation.name,
                reasons=listed(list(dict.fromkeys(reasons))),
            ),
            fix=sentence(
                "What the answer lists is taken in all the same. Report this with the "
                "log."
            ),
        ),
        _SAY_AGAIN,
    )


def check_next_page(operation: Operation, no_token: str) -> None:
    """Raise UnexpectedResponse where nobody knows whether a page is the last one.

    Call it once the page's rows are stored: taken for the last one, the page would hide
    those behind it.
    """
    if no_token:
        message = sentence(
            "In the answer to %(operation)s, %(reason)s.",
            operation=operation.name,
            reason=no_token,
        )
        raise UnexpectedResponse(message, Evidence(operation.name))
