"""Tests of how settings are read: files for secrets, loud on nonsense."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from redis import ConnectionPool

from channels_amazon.rules.pasted_ids import PastedId
from shoplink.environment import Environment, bounded_redis


@pytest.mark.parametrize(
    "value", ["ftp://example.com", "example.com", "https://", "https://a.example/?b=c"]
)
def test_base_address_that_is_none_is_refused(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("SOME_BASE", value)
    with pytest.raises(ImproperlyConfigured, match="SOME_BASE"):
        Environment().http_base("SOME_BASE", "https://a.example")


def test_base_address_loses_the_slash_at_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SOME_BASE", "http://127.0.0.1:9100/na/")
    base = Environment().http_base("SOME_BASE", "https://a.example")
    assert base == "http://127.0.0.1:9100/na"


def test_secret_is_read_from_the_file_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kept = tmp_path / "secret"
    kept.write_text("a secret of a file\n", encoding="utf-8")
    monkeypatch.setenv("SOME_SECRET_FILE", str(kept))
    assert Environment().secret("SOME_SECRET", required=True) == "a secret of a file"


def test_secret_file_that_is_absent_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SOME_SECRET_FILE", str(tmp_path / "none"))
    with pytest.raises(ImproperlyConfigured, match="cannot be read"):
        Environment().secret("SOME_SECRET", required=False)


def test_required_secret_that_is_missing_is_named() -> None:
    with pytest.raises(ImproperlyConfigured, match="SOME_SECRET is not set"):
        Environment().secret("SOME_SECRET", required=True)


def test_switch_takes_no_other_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_SWITCH", "perhaps")
    with pytest.raises(ImproperlyConfigured, match="true or false"):
        Environment().switch("SOME_SWITCH", default=False)


@pytest.mark.parametrize("value", ["many", "0"])
def test_count_takes_whole_numbers_from_one(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("SOME_COUNT", value)
    with pytest.raises(ImproperlyConfigured, match="SOME_COUNT"):
        Environment().count("SOME_COUNT", 2)


def test_pasted_id_is_put_right(monkeypatch: pytest.MonkeyPatch) -> None:
    arn = "arn:aws:sqs:eu-west-1:123456789012:shoplink"
    monkeypatch.setenv("SOME_ARN", f"“{arn}”\u200b")

    assert Environment().pasted("SOME_ARN", PastedId.QUEUE_ARN) == arn
    assert Environment().pasted("NO_SUCH_ARN", PastedId.QUEUE_ARN) == ""


def test_id_of_another_form_is_refused_where_that_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SOME_ARN", "sqs/shoplink")

    assert Environment().pasted("SOME_ARN", PastedId.QUEUE_ARN) == "sqs/shoplink"
    with pytest.raises(ImproperlyConfigured, match="looks like arn:aws:sqs:"):
        Environment().pasted("SOME_ARN", PastedId.QUEUE_ARN, is_strict=True)


def test_redis_gets_limits_where_its_address_names_none() -> None:
    plain = bounded_redis("redis://:pass@127.0.0.1:6379/0")
    own = bounded_redis("rediss://127.0.0.1/0?socket_timeout=30")

    pool = ConnectionPool.from_url(plain).connection_kwargs
    assert (pool["socket_connect_timeout"], pool["socket_timeout"]) == (2.0, 5.0)
    pool = ConnectionPool.from_url(own).connection_kwargs
    assert (pool["socket_connect_timeout"], pool["socket_timeout"]) == (2.0, 30.0)
