"""For what a sync rule holds, and which of several wins; pure, rules layer.

The narrowest rule that fits wins, and it wins whole: its terms are never mixed with
those of a wider one. Narrower is decided by the narrowest part first: the seller SKU,
then the category (a deeper one before its parent), the marketplace, the account. Two
rules that fit one target and are equally narrow have the same scope, so rules of
different scopes leave no doubt.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

# Between the names of a category's path, as `Category.path` keeps them.
BETWEEN_NAMES = " > "

Rule = TypeVar("Rule")


@dataclass(frozen=True, slots=True)
class Scope:
    """For what a rule holds; a part that is None or "" stands for all of them.

    Without any part it is the whole store. `category` is the path of a category, and
    holds for those below it too.
    """

    account_id: int | None = None
    marketplace_id: str = ""
    category: str = ""
    seller_sku: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """What a rule is looked for: a seller SKU of an account.

    `marketplace_id` is "" where a number holds for all of them, as a quantity does;
    `category` is the path of the product's category, "" without one.
    """

    account_id: int
    seller_sku: str
    category: str = ""
    marketplace_id: str = ""


class Narrowness(NamedTuple):
    """How narrow a scope is; the greater is the narrower."""

    names_sku: bool
    category_depth: int
    names_marketplace: bool
    names_account: bool


class SameScope(ValueError):
    """Two rules of one kind have the same scope, so that neither could win."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(f"Two rules have the scope {scope}.")
        self.scope = scope


def narrowness(scope: Scope) -> Narrowness:
    """Return how narrow the scope is, to compare it with others."""
    return Narrowness(
        names_sku=bool(scope.seller_sku),
        category_depth=len(_with_parents(scope.category)),
        names_marketplace=bool(scope.marketplace_id),
        names_account=scope.account_id is not None,
    )


def fits(scope: Scope, target: Target) -> bool:
    """Tell whether a rule of this scope holds for the target."""
    return (
        scope.account_id in {None, target.account_id}
        and scope.marketplace_id in {"", target.marketplace_id}
        and scope.seller_sku in {"", target.seller_sku}
        and scope.category in {"", *_with_parents(target.category)}
    )


class ScopeIndex(Generic[Rule]):
    """Rules of one kind by their scopes.

    A look-up asks once for each form of scope that the rules have (such as "SKU and
    account"), so it costs the same for ten rules and for ten thousand.
    """

    def __init__(self, rules: Iterable[tuple[Scope, Rule]]) -> None:
        """Take the rules with their scopes; raises SameScope."""
        self._rules: dict[_Key, tuple[Scope, Rule]] = {}
        for scope, rule in rules:
            key = _key(scope)
            if key in self._rules:
                raise SameScope(scope)
            self._rules[key] = scope, rule
        # Each form of scope that a rule has, the narrowest first.
        self.forms = sorted(
            {narrowness(scope) for scope, _rule in self._rules.values()}, reverse=True
        )

    def winner(self, target: Target) -> tuple[Scope, Rule] | None:
        """Return the narrowest rule that fits, with its scope; None where none does."""
        return next(self._fitting(target), None)

    def fitting(self, target: Target) -> list[tuple[Scope, Rule]]:
        """Return every rule that fits with its scope, the narrowest first."""
        return list(self._fitting(target))

    def _fitting(self, target: Target) -> Iterator[tuple[Scope, Rule]]:
        categories = _with_parents(target.category)
        for names_sku, depth, names_marketplace, names_account in self.forms:
            if depth > len(categories):
                continue
            found = self._rules.get(
                (
                    target.account_id if names_account else None,
                    target.marketplace_id if names_marketplace else "",
                    categories[depth - 1] if depth else "",
                    target.seller_sku if names_sku else "",
                )
            )
            # A target without a marketplace finds rules without one again.
            if found is not None and (target.marketplace_id or not names_marketplace):
                yield found


# Account, marketplace, category and seller SKU of a scope.
_Key = tuple[int | None, str, str, str]


def _key(scope: Scope) -> _Key:
    category = (_with_parents(scope.category) or ("",))[-1]
    return scope.account_id, scope.marketplace_id, category, scope.seller_sku


@lru_cache(maxsize=4096)
def _with_parents(category: str) -> tuple[str, ...]:
    """Return the paths from the topmost category down to this one, () for none."""
    names = [name for name in category.split(BETWEEN_NAMES) if name]
    return tuple(BETWEEN_NAMES.join(names[: depth + 1]) for depth in range(len(names)))
