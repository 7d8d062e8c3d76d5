"""Test that rotation encrypts everything anew, wherever it is interrupted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from itertools import count, pairwise
from typing import Any

import pytest
from cryptography.fernet import InvalidToken
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from channels_amazon.models import (
    AccessToken,
    ClientSecret,
    Credential,
    Heartbeat,
    MaintenanceTask,
)
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.jobs import heartbeats
from channels_amazon.services.privacy import key_rotation
from tests import builders
from tests.services.privacy.scene import NEW, OLD, WITH_SECRETS, forget_keys, use

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _keys(settings: Settings) -> Iterator[None]:
    use(settings, OLD)
    yield
    settings.FERNET_KEYS = ["tests-only-key-of-more-than-32-bytes-0001"]
    forget_keys()


def make_credentials(count: int) -> list[Credential]:
    """Make that many credentials under the present first key."""
    accounts = [builders.make_account(refresh_token=f"Atzr|{n}") for n in range(count)]
    return [account.credential for account in accounts]


def raw(row: Credential) -> bytes:
    """Return the credential as the database holds it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT refresh_token FROM channels_amazon_credential WHERE id = %s",
            [row.pk],
        )
        return bytes(cursor.fetchone()[0])


def rotate(batch: int = 2) -> dict[str, key_rotation.ModelResult]:
    """Rotate to the end; return the results by model."""
    return {r.model: r for r in key_rotation.rotate_keys(batch)}


@contextmanager
def before_each_write(act: Callable[[int], None]) -> Iterator[None]:
    """Call `act` with a running number before a credential is encrypted anew."""
    numbers = count(1)

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        is_rewrite = sql.startswith("UPDATE") and "refresh_token" in sql
        if is_rewrite and "FROM" in sql:
            act(next(numbers))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        yield


def test_rotation_leaves_nothing_under_the_old_key(settings: Settings) -> None:
    rows = make_credentials(5)
    AccessToken.objects.create(subject="account:1", token="Atza|cached")
    use(settings, NEW, OLD)

    results = rotate()

    assert results["channels_amazon.credential"].rewritten == 5
    use(settings, NEW)
    assert [Credential.objects.get(pk=r.pk).refresh_token for r in rows] == [
        f"Atzr|{n}" for n in range(5)
    ]
    assert AccessToken.objects.get().token == "Atza|cached"
    assert ClientSecret.objects.get().secret


def test_rotation_knows_every_model_with_secrets(settings: Settings) -> None:
    use(settings, NEW, OLD)

    assert set(rotate()) >= {model._meta.label_lower for model in WITH_SECRETS}


def test_interrupted_rotation_goes_on_where_it_was(settings: Settings) -> None:
    rows = make_credentials(5)
    use(settings, NEW, OLD)

    def die_at_second_batch(number: int) -> None:
        if number == 2:
            raise KeyboardInterrupt

    with before_each_write(die_at_second_batch), pytest.raises(KeyboardInterrupt):
        rotate()
    task = MaintenanceTask.objects.get(name="key_rotation")
    assert task.finished_at is None
    cursor = task.cursor or {}
    assert cursor["model"] == "channels_amazon.credential"
    assert cursor["after"] == rows[1].pk

    result = rotate()["channels_amazon.credential"]

    assert (result.rows, result.rewritten) == (3, 3)
    use(settings, NEW)
    assert all(Credential.objects.get(pk=row.pk).refresh_token for row in rows)


def test_interrupted_rotation_that_left_values_names_them_in_the_end(
    settings: Settings,
) -> None:
    (lost,) = make_credentials(1)
    ClientSecret.objects.all().delete()
    use(settings, NEW)
    make_credentials(3)
    Credential.objects.exclude(pk=lost.pk).update(refresh_token="Atzr|kept")
    use(settings, "another-new-key-of-more-than-thirty-two-bytes", NEW)

    def die_at_second_batch(number: int) -> None:
        if number == 2:
            raise KeyboardInterrupt

    with before_each_write(die_at_second_batch), pytest.raises(KeyboardInterrupt):
        rotate()
    result = rotate()["channels_amazon.credential"]

    assert [value.pk for value in result.unreadable] == [lost.pk]
    assert (result.rows, result.rewritten) == (4, 2)


def test_token_stored_meanwhile_is_not_overwritten(settings: Settings) -> None:
    (row,) = make_credentials(1)
    use(settings, NEW, OLD)

    def store_newer(number: int) -> None:
        if number == 1:
            Credential.objects.filter(pk=row.pk).update(refresh_token="Atzr|newer")

    with before_each_write(store_newer):
        rotate()

    use(settings, NEW)
    assert Credential.objects.get(pk=row.pk).refresh_token == "Atzr|newer"


def test_second_rotation_rewrites_nothing_but_looks_at_all(settings: Settings) -> None:
    (row,) = make_credentials(1)
    use(settings, NEW, OLD)
    rotate()
    before = raw(row)

    again = rotate()["channels_amazon.credential"]

    assert (again.rows, again.rewritten) == (1, 0)
    assert raw(row) == before


def test_unreadable_value_is_named_and_the_rest_goes_on(settings: Settings) -> None:
    lost = make_credentials(1)
    ClientSecret.objects.all().delete()
    use(settings, NEW)
    kept = make_credentials(1)
    out = StringIO()

    with pytest.raises(CommandError, match="1 values"):
        call_command("rotate_keys", json=True, stdout=out)

    results = {result["model"]: result for result in json.loads(out.getvalue())}
    unreadable = results["channels_amazon.credential"]["unreadable"]
    assert [value["pk"] for value in unreadable] == [lost[0].pk]
    assert Credential.objects.get(pk=kept[0].pk).refresh_token == "Atzr|0"
    with pytest.raises(InvalidToken):
        Credential.objects.get(pk=lost[0].pk)


def test_fingerprint_follows_the_first_key_and_hides_it(settings: Settings) -> None:
    names = []
    for keys in ([OLD], [OLD, NEW], [NEW, OLD]):
        use(settings, *keys)
        names.append(key_rotation.key_fingerprint())

    assert [a == b for a, b in pairwise(names)] == [True, False]
    assert OLD[:8] not in names[0]


def test_rotation_waits_until_every_living_process_holds_the_key(
    settings: Settings,
) -> None:
    (row,) = make_credentials(1)
    heartbeats.beat(Process.WEB)
    before = raw(row)
    use(settings, NEW, OLD)

    with pytest.raises(CommandError, match=r"Web process on .*Put the new key first"):
        call_command("rotate_keys", "--wait=0", stderr=StringIO())
    assert raw(row) == before

    # That process was restarted with both keys.
    heartbeats.beat(Process.WEB)
    rotate()
    assert raw(row) != before


def test_rotation_refuses_beside_a_process_that_names_no_keys(
    settings: Settings,
) -> None:
    heartbeats.beat(Process.CONSUMER)
    Heartbeat.objects.update(detail={})
    with pytest.raises(key_rotation.KeyNotEverywhere):
        rotate()
    # An hour later it counts as gone.
    Heartbeat.objects.update(beat_at=timezone.now() - timedelta(hours=1))
    rotate()


def test_command_tells_when_all_is_done(settings: Settings) -> None:
    make_credentials(1)
    use(settings, NEW, OLD)
    out = StringIO()

    call_command("rotate_keys", stdout=out)

    assert "channels_amazon.credential: 1 rows, 1 encrypted anew." in out.getvalue()
    assert "may be removed" in out.getvalue()
