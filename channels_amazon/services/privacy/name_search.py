"""Finds orders by a buyer's or recipient's name without storing the name; services.

What is stored of a name are keyed hashes of its words, beside the encrypted data and
gone with it. Their key is derived from the first of FERNET_KEYS for this one purpose,
so that it is turned with the rest: `rotate_keys` makes the hashes anew, and until then
a search asks under each key there is.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from channels_amazon.models import (
    Order,
    OrderPersonalData,
    PersonalDataWord,
    Store,
    load_secret,
)
from channels_amazon.rules.privacy.name_words import asked_words, index_words
from channels_amazon.services.diagnostics.entries import Entry, Level, record
from channels_amazon.wording import sentence

_PURPOSE = b"shoplink: words of people's names, 1"
_NAMES = frozenset({"buyerName", "buyerCompanyName", "name", "companyName"})

# SQLite takes a bounded number of parameters in one statement.
_WORDS_A_STATEMENT = 5000

# One entry a word that was asked for: its hash under each key.
Digests = list[list[str]]


def write_words(people: Mapping[int, Sequence[str]]) -> int:
    """Make the hashes those of the names, under the first key; return of how many.

    `people` has the decrypted texts of buyer and recipient by the primary key of their
    OrderPersonalData. Those whose hashes change are counted. The caller holds a
    transaction in which these rows were written or locked.
    """
    key = _keys()[0]
    wanted = {
        (pk, _digest(key, word))
        for pk, texts in people.items()
        for name in _names([load_secret(text) for text in texts])
        for word in index_words(name)
    }
    rows = PersonalDataWord.objects.filter(personal_data__in=list(people))
    known = {
        (person, digest): pk
        for pk, person, digest in rows.values_list("pk", "personal_data_id", "digest")
    }
    gone = [pk for pair, pk in known.items() if pair not in wanted]
    for start in range(0, len(gone), _WORDS_A_STATEMENT):
        some = gone[start : start + _WORDS_A_STATEMENT]
        PersonalDataWord.objects.filter(pk__in=some).delete()
    PersonalDataWord.objects.bulk_create(
        [
            PersonalDataWord(personal_data_id=person, digest=digest)
            for person, digest in sorted(wanted - known.keys())
        ],
        ignore_conflicts=True,
        batch_size=_WORDS_A_STATEMENT,
    )
    return len({person for person, _digest in wanted ^ known.keys()})


def search(
    name: str, *, stores: Collection[Store], user: AbstractBaseUser | AnonymousUser
) -> Digests:
    """Return what `found` takes to find the name; who searched is written down.

    The name itself goes nowhere. The caller has checked that the user may see personal
    data of the stores. Without any word in it there is nothing to search.
    """
    words = sorted(asked_words(name))
    if not words:
        return []
    for store in stores:
        record(
            Entry(
                code="personal_data.searched",
                level=Level.INFO,
                store=store,
                message=sentence(
                    "Orders were searched by the name of a buyer or recipient."
                ),
                actor=user.get_username(),
            )
        )
    keys = _keys()
    return [[_digest(key, word) for key in keys] for word in words]


def found(
    orders: QuerySet[Order], digests: Digests, *, stores: Iterable[Store]
) -> QuerySet[Order]:
    """Return what of `orders` in these stores has a name with all the words."""
    if not digests:
        return orders.none()
    rows = OrderPersonalData.objects.filter(store__in=stores)
    for under_keys in digests:
        rows = rows.filter(words__digest__in=under_keys)
    return orders.filter(pk__in=rows.values("order_id"))


def _names(values: Sequence[Any]) -> list[str]:
    """Return the texts below the keys that hold names, however deep they are."""
    names: list[str] = []
    for value in values:
        if not isinstance(value, dict):
            continue
        for key, inner in value.items():
            if key in _NAMES and isinstance(inner, str):
                names.append(inner)
            elif isinstance(inner, dict):
                names += _names([inner])
    return names


def _keys() -> list[bytes]:
    return [_derived(str(key)) for key in settings.FERNET_KEYS]


@cache
def _derived(key: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=_PURPOSE).derive(key.encode())


def _digest(key: bytes, word: str) -> str:
    return hmac.new(key, word.encode(), hashlib.sha256).hexdigest()
