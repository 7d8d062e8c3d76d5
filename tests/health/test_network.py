"""The network, step by step: what is broken, and who is out."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from channels_amazon.emulator.server import Emulator
from channels_amazon.health import context as health_context
from channels_amazon.health.checks.clock import host_zone
from channels_amazon.spapi import network_probe
from tests.amazon_proxy import AmazonProxy, html
from tests.health.faults import codes, first_code, make_healthy, report_of
from tests.health.stand_in import answering, dated, free_port

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up sooner: nothing here is far away."""
    monkeypatch.setattr(health_context, "CALL_SECONDS", 1.0)
    monkeypatch.setattr(health_context, "TOKEN_SECONDS", 0.5)
    monkeypatch.setattr(network_probe, "TIMEOUT", 0.5)


@pytest.mark.parametrize("spoiled", ["lwa.token", "*", "getOrder"])
@pytest.mark.parametrize("status", [200, 403])
def test_page_in_amazons_place_leads(
    amazon_proxy: AmazonProxy, emulator: Emulator, spoiled: str, status: int
) -> None:
    account = make_healthy(emulator)
    amazon_proxy.spoil(spoiled, html(status))

    report = report_of(account)

    assert codes(report)[0] == "network.captive_portal"
    evidence = report["findings"][0]["evidence"]
    assert (evidence["host"], evidence["content_type"]) == ("127.0.0.1", "text/html")
    assert not {"lwa.outage", "account.wrong_region"} & set(codes(report))
    assert not any(code.startswith("permission.") for code in codes(report))


def test_name_that_nobody_knows_leads(emulator: Emulator, settings: Settings) -> None:
    account = make_healthy(emulator)
    settings.SPAPI_ENDPOINT_NA = "https://amazon.invalid"
    settings.LWA_TOKEN_URL = "https://login.invalid/token"
    report = report_of(account)
    assert codes(report) == ["network.dns"]
    assert "amazon.invalid" in report["findings"][0]["evidence"]["host"]


def test_closed_port_leads(emulator: Emulator, settings: Settings) -> None:
    account = make_healthy(emulator)
    settings.SPAPI_ENDPOINT_NA = f"http://127.0.0.1:{free_port()}"
    assert first_code(account) == "network.connect"


def test_host_without_tls_leads(emulator: Emulator, settings: Settings) -> None:
    account = make_healthy(emulator)
    with answering(b"no tls here\r\n") as port:
        settings.SPAPI_ENDPOINT_NA = f"https://127.0.0.1:{port}"
        assert first_code(account) == "network.tls"


def test_silent_host_leads(emulator: Emulator, settings: Settings) -> None:
    account = make_healthy(emulator)
    with answering(None) as port:
        settings.SPAPI_ENDPOINT_NA = f"http://127.0.0.1:{port}"
        assert codes(report_of(account)) == ["network.timeout"]


def test_proxy_that_refuses_leads(
    emulator: Emulator, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = make_healthy(emulator)
    settings.SPAPI_ENDPOINT_NA = "https://sellingpartnerapi-na.amazon.com"
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    with answering(refusal) as port:
        monkeypatch.setenv("https_proxy", f"http://user:pass-word@127.0.0.1:{port}")
        report = report_of(account)
    assert codes(report) == ["network.proxy"]
    assert "pass-word" not in str(report)


@pytest.mark.parametrize("kind", ["status_503", "timeout"])
def test_silent_token_endpoint_is_its_outage(emulator: Emulator, kind: str) -> None:
    account = make_healthy(emulator)
    emulator.control("faults", match="lwa.token", kind=kind, seconds=2)
    report = report_of(account)
    assert codes(report) == ["lwa.outage"]


@pytest.mark.parametrize("kind", ["status_500", "html_503"])
def test_errors_across_operations_are_an_outage(emulator: Emulator, kind: str) -> None:
    account = make_healthy(emulator)
    for operation in ("getOrder", "confirmShipment", "searchCatalogItems"):
        emulator.control("faults", match=operation, kind=kind)
    report = report_of(account)
    assert report["findings"][0]["code"] == "amazon.outage"
    assert all(f["consequence_of"] for f in report["findings"][1:])


@pytest.mark.parametrize(
    ("seconds", "level"), [(60, "warning"), (-60, "warning"), (300, "error")]
)
def test_clock_that_is_off_is_found(
    emulator: Emulator, settings: Settings, seconds: float, level: str
) -> None:
    account = make_healthy(emulator)
    with answering(dated(seconds)) as port:
        settings.SPAPI_ENDPOINT_NA = f"http://127.0.0.1:{port}"
        settings.LWA_TOKEN_URL = f"http://127.0.0.1:{port}/token"
        report = report_of(account)
    (finding,) = [f for f in report["findings"] if f["check"] == "clock"]
    assert (finding["code"], finding["level"]) == ("clock.skewed", level)
    assert abs(finding["evidence"]["skew_seconds"] - seconds) < 3


def test_settings_outside_utc_lead(emulator: Emulator, settings: Settings) -> None:
    account = make_healthy(emulator)
    settings.TIME_ZONE = "Asia/Shanghai"
    report = report_of(account)
    assert codes(report) == ["clock.not_utc"]
    assert report["findings"][0]["evidence"]["settings"] == "Asia/Shanghai"


def test_zone_of_host_is_read_from_its_link(tmp_path: Path) -> None:
    zone = tmp_path / "zoneinfo" / "Asia" / "Shanghai"
    zone.parent.mkdir(parents=True)
    zone.write_text("TZif")
    (tmp_path / "localtime").symlink_to(zone)
    assert host_zone(tmp_path / "localtime") == "Asia/Shanghai"
    assert host_zone(tmp_path / "none") == "UTC"
