"""What a process was started with is compared, and never told."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from channels_amazon.services.jobs.environments import differing, environment


def test_equal_settings_have_equal_names_and_no_value_is_told(
    settings: Settings,
) -> None:
    settings.LWA_CLIENT_SECRET = "amzn1.oa2-cs.v1.canary"
    told = environment()
    assert differing(told, environment()) == []
    assert "canary" not in str(told)


def test_each_difference_is_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = environment()
    settings.LWA_CLIENT_ID = "amzn1.application-oa2-client.other"
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:3128")
    assert differing(environment(), before) == ["LWA_CLIENT_ID", "HTTPS_PROXY"]


def test_another_secret_key_is_the_one_difference_told(settings: Settings) -> None:
    before = environment()
    settings.SECRET_KEY = "another-one-for-this-test"
    assert differing(environment(), before) == ["SECRET_KEY"]
