"""Which of FERNET_KEYS our processes hold, and what it means when none opens a row.

A row that cannot be opened is a fault of this host, never of Amazon or of the merchant:
the jobs go on as soon as the key is back. Services layer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.fernet import InvalidToken
from django.utils import timezone

from channels_amazon.errors import Recoverable
from channels_amazon.models import Credential, Heartbeat, key_fingerprints, label
from channels_amazon.services.jobs import heartbeats
from channels_amazon.wording import Sentence, sentence

# A restart with the right keys heals everything within this time.
RETRY = timedelta(seconds=30)
# So many authorisations are tried: one of them may be of a key that was lost long ago.
_PROOFS = 5


class SecretUnreadable(Recoverable):
    """None of the keys of this process opens what it had to read.

    `host.keys_differ` where another living process holds a key that this one lacks,
    `token.undecryptable` where none that is known does.
    """


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """A living process and the keys it holds, None where it does not say which."""

    kind: str
    host: str
    pid: int
    keys: tuple[str, ...] | None

    @property
    def name(self) -> Sentence:
        """Return what to call the process to a person."""
        return sentence(
            "%(kind)s on %(host)s (process %(pid)s)",
            kind=label(dict(Heartbeat.KINDS).get(self.kind, self.kind)),
            host=self.host,
            pid=self.pid,
        )


def key_holders(now: datetime) -> list[KeyHolder]:
    """Return every process that lives at `now` (aware UTC) with its keys."""
    return holders_of(heartbeats.living(now))


def holders_of(living: Iterable[Heartbeat]) -> list[KeyHolder]:
    """Return the processes of these signs of life with their keys."""
    return [
        KeyHolder(
            kind=beat.kind,
            host=beat.host,
            pid=beat.pid,
            keys=tuple(beat.detail["keys"]) if "keys" in beat.detail else None,
        )
        for beat in living
    ]


def holders_without(key: str, now: datetime) -> list[KeyHolder]:
    """Return the living processes that do not hold the key with this fingerprint."""
    return [one for one in key_holders(now) if one.keys is None or key not in one.keys]


def holders_of_other_keys(now: datetime) -> list[KeyHolder]:
    """Return the living processes that hold a key which this process lacks."""
    ours = set(key_fingerprints())
    return [one for one in key_holders(now) if set(one.keys or ()) - ours]


def holders_lacking(now: datetime) -> list[KeyHolder]:
    """Return the living processes that lack a key with which another one encrypts.

    This process counts, too, whether or not it gives signs of life.
    """
    return lacking(key_holders(now))


def lacking(living: Iterable[KeyHolder]) -> list[KeyHolder]:
    """Return those of the living processes that lack a key, as holders_lacking does."""
    holders = [one for one in living if one.keys]
    encrypting = {one.keys[0] for one in holders if one.keys} | {key_fingerprints()[0]}
    return [one for one in holders if not encrypting <= set(one.keys or ())]


def opens_what_is_stored() -> bool:
    """Tell whether this process can read what the others have encrypted.

    One of the newest authorisations is proof enough; so is that there is none. What a
    process without the keys encrypts is lost to all the others.
    """
    newest = Credential.objects.order_by("-pk").values_list("pk", flat=True)
    pks = list(newest[:_PROOFS])
    for pk in pks:
        try:
            Credential.objects.get(pk=pk)
        except InvalidToken:
            continue
        except Credential.DoesNotExist:
            continue
        return True
    return not pks


def secret_unreadable(what: Sentence) -> SecretUnreadable:
    """Return the error for what no key of this process opens; `what` is a sentence."""
    now = timezone.now()
    others = holders_of_other_keys(now)
    retry_at = now + RETRY
    if others:
        return SecretUnreadable(
            "host.keys_differ",
            sentence(
                "%(what)s Another process of Shoplink holds other FERNET_KEYS: "
                "%(process)s.",
                what=what,
                process=others[0].name,
            ),
            fix=sentence(
                "Give every process the same FERNET_KEYS, the old ones included, and "
                "restart them all. Then it goes on by itself; Amazon is not concerned."
            ),
            retry_at=retry_at,
        )
    return SecretUnreadable(
        "token.undecryptable",
        sentence(
            "%(what)s FERNET_KEYS no longer holds the key that encrypted it.", what=what
        ),
        fix=sentence(
            "Add the old key to FERNET_KEYS again, behind the others, and restart "
            "every process: then it goes on by itself. Only where that key is lost, "
            "make anew what it encrypted: authorise the account again, replace the "
            "secret of the store's address."
        ),
        retry_at=retry_at,
    )
