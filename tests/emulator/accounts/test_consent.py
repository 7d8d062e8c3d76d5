"""Seller Central: the consent page, its errors, and Manage Your Apps."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from channels_amazon.emulator.server import Emulator

from ..caller import SELLERS, Reply, exchange, sign_in

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
LOGIN = "http://127.0.0.1:8000/amazon/login/"


def consent_path(emulator: Emulator, region: str = "na", **over: str) -> str:
    query = {
        "application_id": emulator.settings()["SPAPI_APP_ID"],
        "state": "state-1",
        "redirect_uri": emulator.redirect_uri,
    } | over
    return f"/sellercentral/{region}/apps/authorize/consent?{urlencode(query)}"


def decide(emulator: Emulator, decision: str, **over: str) -> Reply:
    body = urlencode({"decision": decision})
    return exchange(emulator, "POST", consent_path(emulator, **over), body, FORM)


def returned(reply: Reply) -> dict[str, str]:
    """Return the parameters with which the browser is sent back."""
    query = parse_qs(urlsplit(reply.headers["Location"]).query)
    return {name: values[0] for name, values in query.items()}


def test_consent_page_names_the_application_and_its_roles(emulator: Emulator) -> None:
    reply = exchange(emulator, "GET", consent_path(emulator))
    assert reply.status == 200
    for text in (
        "Shoplink (demonstration)",
        "Inventory and Order Tracking",
        "Approve",
        "Deny",
    ):
        assert text in reply.text


def test_consent_page_speaks_chinese(emulator: Emulator) -> None:
    headers = {"Accept-Language": "zh-CN,zh;q=0.9"}
    reply = exchange(emulator, "GET", consent_path(emulator), None, headers)
    assert "同意" in reply.text
    assert 'lang="zh-Hans"' in reply.text


def test_page_has_no_inline_script_or_style(emulator: Emulator) -> None:
    reply = exchange(emulator, "GET", consent_path(emulator))
    assert not re.search(r"<script|<style|style=|onclick=", reply.text)


@pytest.mark.parametrize("region", ["na", "eu", "fe"])
def test_approval_returns_code_seller_and_state(
    emulator: Emulator, region: str
) -> None:
    reply = decide(emulator, "approve", region=region)
    back = returned(reply)
    assert reply.status == 302
    assert reply.headers["Location"].startswith(emulator.redirect_uri + "?")
    assert set(back) == {"state", "selling_partner_id", "spapi_oauth_code"}
    assert (back["state"], back["selling_partner_id"]) == ("state-1", SELLERS[region])


def test_denial_returns_no_code(emulator: Emulator) -> None:
    back = returned(decide(emulator, "deny"))
    assert (back["error"], back["state"]) == ("access_denied", "state-1")
    assert "spapi_oauth_code" not in back


def test_absent_redirect_uri_means_the_first_registered(emulator: Emulator) -> None:
    reply = decide(emulator, "approve", redirect_uri="")
    assert reply.headers["Location"].startswith(emulator.redirect_uri)


def test_state_survives_any_characters(emulator: Emulator) -> None:
    state = "a&b=c #%/é"
    assert returned(decide(emulator, "approve", state=state))["state"] == state


@pytest.mark.parametrize(
    ("over", "code"),
    [
        ({"application_id": "amzn1.sp.solution.other"}, "MD1000"),
        ({"redirect_uri": "http://127.0.0.1:8000/elsewhere/"}, "MD5101"),
        ({"redirect_uri": "http://127.0.0.1:8000/#part"}, "MD5110"),
    ],
)
def test_bad_request_shows_amazons_code(
    emulator: Emulator, over: dict[str, str], code: str
) -> None:
    reply = exchange(emulator, "GET", consent_path(emulator, **over))
    assert reply.status == 400
    assert code in reply.text


def test_redirect_uri_counts_to_the_last_slash(emulator: Emulator) -> None:
    shorter = emulator.redirect_uri.rstrip("/")
    reply = decide(emulator, "approve", redirect_uri=shorter)
    assert "MD5101" in reply.text
    assert shorter in unescape(reply.text)


def test_draft_needs_version_beta(emulator: Emulator) -> None:
    emulator.control("application", draft=True)
    without = exchange(emulator, "GET", consent_path(emulator))
    with_beta = exchange(emulator, "GET", consent_path(emulator, version="beta"))
    assert "MD1000" in without.text
    assert with_beta.status == 200


@pytest.mark.parametrize(
    ("control", "body", "code"),
    [
        ("behaviour", {"primary_user": False}, "SPDC8143"),
        ("behaviour", {"consent_limit": True}, "CONSENT_LIMIT_REACHED"),
        ("application", {"redirect_uris": []}, "MD9100"),
    ],
)
def test_account_state_shows_amazons_code(
    emulator: Emulator, control: str, body: dict[str, object], code: str
) -> None:
    before = list(emulator.state.application.redirect_uris)
    emulator.control(control, **body)
    reply = exchange(emulator, "GET", consent_path(emulator))
    emulator.control("application", redirect_uris=before)
    assert code in reply.text


def test_manage_page_starts_the_appstore_workflow(emulator: Emulator) -> None:
    opened = appstore_login(emulator)
    assert opened["selling_partner_id"] == SELLERS["na"]
    assert opened["amazon_callback_uri"].startswith(
        f"{emulator.url}/sellercentral/na/apps/authorize/confirm/"
    )
    assert opened["amazon_state"]


def test_confirm_returns_the_code_for_our_state(emulator: Emulator) -> None:
    opened = appstore_login(emulator)
    path = urlsplit(opened["amazon_callback_uri"]).path
    query = {"amazon_state": opened["amazon_state"], "state": "ours"}
    reply = exchange(emulator, "GET", f"{path}?{urlencode(query)}")
    back = returned(reply)
    assert (back["state"], back["selling_partner_id"]) == ("ours", SELLERS["na"])
    assert back["spapi_oauth_code"]


def test_confirm_refuses_a_foreign_amazon_state(emulator: Emulator) -> None:
    path = urlsplit(appstore_login(emulator)["amazon_callback_uri"]).path
    reply = exchange(emulator, "GET", f"{path}?amazon_state=other&state=ours")
    assert reply.status == 400
    assert "Location" not in reply.headers


def test_disable_access_revokes(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    reply = exchange(
        emulator, "POST", "/sellercentral/na/apps/manage/disable", "", FORM
    )
    assert reply.status == 303
    assert caller.get("/sellers/v1/marketplaceParticipations").status == 403


def test_unknown_page_is_not_found(emulator: Emulator) -> None:
    assert exchange(emulator, "GET", "/sellercentral/na/apps/none").status == 404


def appstore_login(emulator: Emulator) -> dict[str, str]:
    """Open Manage Your Apps; return what Amazon tells our login page."""
    emulator.control("application", login_uri=LOGIN)
    page = exchange(emulator, "GET", "/sellercentral/na/apps/manage").text
    found = re.search(rf'href="({re.escape(LOGIN)}[^"]+)"', page)
    assert found is not None
    query = parse_qs(urlsplit(unescape(found[1])).query)
    return {name: values[0] for name, values in query.items()}
