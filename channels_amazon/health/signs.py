"""Sees in one statement which checks have something to say of an account; health layer.

An account of which nothing is wrong is looked at each hour, and there are thousands of
them. So a check that reads rows also declares its signs: the rows without which it
finds nothing wrong. All of them are asked for at once, by a statement that is made once
a process; only a check that shows a sign has to run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.db.models import Exists, QuerySet

from channels_amazon.health.context import CheckContext
from channels_amazon.models import AmazonAccount
from channels_amazon.models.prepared import Prepared, given_key, given_time


@dataclass(frozen=True)
class Subject:
    """Whom the signs are of: used in a queryset's filter as the values would be."""

    account: Any = field(default_factory=lambda: given_key("account_id"))
    store: Any = field(default_factory=lambda: given_key("store_id"))
    now: Any = field(default_factory=lambda: given_time("now"))


# Where one of these has a row, the check has something to say.
Rows = Callable[[Subject], Sequence["QuerySet[Any, Any]"]]
# What the account's own row and this process tell, without a statement.
Here = Callable[[CheckContext], bool]


@dataclass(frozen=True, kw_only=True)
class Signs:
    """What shows that a check may find something wrong; without it, it finds nothing.

    Too much may be a sign, too little never.
    """

    rows: Rows | None = None
    here: Here | None = None


def shown(context: CheckContext, signs: dict[str, Signs]) -> set[str]:
    """Return the ids of these checks that may have something to say."""
    found = {id_ for id_, one in signs.items() if one.here and one.here(context)}
    asked = tuple((id_, one.rows) for id_, one in signs.items() if one.rows)
    if not asked:
        return found
    rows = _statement(asked).rows(
        account_id=context.account_id, store_id=context.store_id, now=context.now
    )
    # None where the account was deleted meanwhile.
    row = rows[0] if rows else [False] * len(asked)
    return found | {
        id_ for (id_, _r), is_shown in zip(asked, row, strict=True) if is_shown
    }


@cache
def _statement(asked: tuple[tuple[str, Rows], ...]) -> Prepared:
    """Return the statement with a column for each check."""
    subject = Subject()
    columns = []
    for _id, rows in asked:
        first, *others = (Exists(one.order_by()) for one in rows(subject))
        column: Any = first
        for one in others:
            column |= one
        columns.append(column)
    account = AmazonAccount.objects.filter(pk=subject.account).order_by()
    return Prepared.of(account.values_list(*columns))
