"""Tests of taking secrets and personal data out."""

from __future__ import annotations

import base64
import json
import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels_amazon.spapi.redact import (
    REDACTED,
    redact_json,
    redact_text,
    redact_values,
)

CANARY = "Zq7canaryX"
BODY = st.text(
    alphabet="abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_/+=",
    min_size=8,
)
AROUND = st.text(alphabet=" abc{}[]\"':,=&\n", max_size=12)


@given(AROUND, st.sampled_from(["Atza|", "Atzr|", "Atz.sprdt|", "Atza%7C"]), BODY)
def test_text_loses_tokens_wherever_they_stand(
    before: str, prefix: str, body: str
) -> None:
    token = prefix + body

    assert token not in redact_text(f"{before}{token} end")
    assert redact_text(f"{token} end").endswith(" end")


@given(st.text(max_size=80))
def test_text_stays_the_same_when_redacted_twice(text: str) -> None:
    once = redact_text(text)

    assert redact_text(once) == once


@pytest.mark.parametrize(
    "text",
    [
        f"https://shop.example/callback?spapi_oauth_code={CANARY}&selling_partner_id=A1",
        f"https://shop.example/callback?state={CANARY}&x=1",
        f"grant_type=authorization_code&code={CANARY}&redirect_uri=x",
        f"client_secret={CANARY}",
        f"client_secret='{CANARY}' x",
        f"refresh_token={CANARY}",
        f"x-amz-access-token: {CANARY}",
        f"X-Amz-Access-Token={CANARY}",
        f"Authorization: AWS4-HMAC-SHA256 Credential=x, Signature={CANARY}",
        f"https://s3.example/doc?X-Amz-Signature={CANARY}&X-Amz-Date=1",
        f"https://s3.example/doc?X-Amz-Credential={CANARY}",
        f'{{"access_token": "{CANARY}", "expires_in": 3600}}',
        f'{{"buyerName": "Anna \\"{CANARY}\\" Test"}}',
        f"{{'buyerName': '{CANARY}', 'x': 1}}",
        f'{{"DestinationPostalCode":"{CANARY}"}}',
        f'{{\\"postalCode\\":\\"{CANARY}\\"}}',
        f"postalCode={CANARY}",
        f"postgres://shoplink:{CANARY}@db.example/shoplink",
        f"could not connect to redis://:{CANARY}@cache:6379/0 (refused)",
        f"https://{CANARY}:x%40y!@proxy.example:3128/",
        f"postgres://ann:a@b{CANARY}!@localhost/x",
        f"the buyer {CANARY}@marketplace.amazon.co.uk wrote",
        f"secret amzn1.oa2-cs.v1.{CANARY}",
        f"redis://:pa/{CANARY}@host:6379/0",
        f"postgres://u:pa#{CANARY}@db/x",
        f"http://u:pa?{CANARY}@proxy.example",
        f"client_secret%3D{CANARY}",
        f"grant_type%3Drefresh_token%26refresh_token%3D{CANARY}%26x",
        f"Authorization Bearer {CANARY}",
        f"authorization Basic {CANARY}",
        f"sent Bearer {CANARY}, refused",
    ],
)
def test_text_loses_named_values(text: str) -> None:
    cleaned = redact_text(text)

    assert CANARY not in cleaned
    assert REDACTED in cleaned


@pytest.mark.parametrize("scheme", ["Basic", "basic", "Proxy was Basic"])
@pytest.mark.parametrize("secret", ["user:pass", "ann:zz??>>~", "a:b", ":pw"])
def test_text_loses_what_signs_in_by_a_password(scheme: str, secret: str) -> None:
    encoded = base64.b64encode(secret.encode()).decode()

    assert redact_text(f"{scheme} {encoded}") == f"{scheme} {REDACTED}"


def test_what_follows_an_encoded_value_is_kept() -> None:
    assert (
        redact_text(f"refresh_token%3D{CANARY}%26grant") == "refresh_token%3D"
        f"{REDACTED}%26grant"
    )


@pytest.mark.parametrize(
    "text",
    [
        "Basic settings of the bearer token: Basic authentication, Bearer token needed",
        "Authorization needed: https://shop.example/a?b=c#d, http://localhost:8000/x",
        "https://shop.example:8443/orders#top and redis://cache:6379/0 (refused)",
        "marketplace%3DA1PA6795UKMFR9%26page%3D2",
        "code=token.revoked account=3 state=blocked",
        'code="QuotaExceeded" operation=searchOrders',
        "order=902-1106328-1059050 sku=SH/OE-1 status=SHIPPED",
        "amazon_code=Unauthorized request_id=1f2e3d",
        '{"errors":[{"code":"InvalidInput","message":"No such order."}]}',
    ],
)
def test_text_keeps_what_helps(text: str) -> None:
    assert redact_text(text) == text


@pytest.mark.parametrize(
    "address",
    [
        "https://h.example:443/cb?to=%s",
        "http://h.example:8000?to=%s&x=1",
        "HTTPS://h.example:443/cb#%s",
        "https://[2001:db8::1]/cb?to=%s",
        "https://[::1]:8443/cb?to=%s",
        "https://h.example/cb?at=10:30&to=%s",
        "https://h.example/a then http://h.example:80/cb?to=%s",
    ],
)
def test_address_keeps_its_host_and_path_and_loses_an_e_mail(address: str) -> None:
    text = address % "anna@anna-mueller.example"

    assert redact_text(text) == address % REDACTED


@pytest.mark.parametrize("address", ["https://ann:1@[::1]:443/x", "http://a:2@h:80/x"])
def test_host_with_a_port_hides_no_password(address: str) -> None:
    assert redact_text(address) == re.sub("//.*@", f"//{REDACTED}@", address)


# Parts of what the patterns look for, whole and broken off.
PARTS = (
    *("a", "a.", "a@", "a@b.", " ", "\n", "&", "?", "=", "'", '"', "\\", '\\"', "%7C"),
    *("code=", "state=", "?code=", "&state=", "(code=", "code=a", "key=b "),
    *("password=", "password='", 'password="', "pass_word", "client-secret="),
    *('{"a":', '"password":', '"password" ', '"buyerName":"', "'postal_code':'"),
    *('\\"buyerName\\":\\"', "authorization: ", "Cookie:", "x-amz-access-token:"),
    *(
        "://",
        "://u:",
        "http://h:80/",
        "http://[::",
        "client_secret%3D",
        "%26",
        "%3D",
        "Basic ",
        "Bearer ",
    ),
    *("Authorization Bearer ", "Basic dXNlcjpwYXNz", "Bearer a"),
    *("Atza|", "Atzr%7C", "Atz.sprdt|", "amzn1.oa2-cs.", "amzn1."),
)


def seconds_for(piece: str) -> float:
    """Return how long 100 kB of the same piece take, of this process's time."""
    text = piece * (100_000 // len(piece))
    began = time.process_time()
    redact_text(text)
    return time.process_time() - began


@pytest.mark.parametrize("part", PARTS)
def test_text_of_any_length_is_read_in_good_time(part: str) -> None:
    # Quadratic time would be half a minute.
    assert seconds_for(part) < 2


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PARTS), min_size=2, max_size=6).map("".join))
def test_mixture_of_any_length_is_read_in_good_time(piece: str) -> None:
    assert seconds_for(piece) < 2


def test_json_keeps_shape_and_amazon_codes() -> None:
    cleaned = redact_json(
        {
            "code": "InvalidInput",
            "salesChannel": {"marketplaceName": "Amazon.de"},
            "recipient": {
                "deliveryAddress": {"name": CANARY, "countryCode": "DE", "city": CANARY}
            },
            "note": None,
            "quantity": 3,
        }
    )

    assert cleaned["code"] == "InvalidInput"
    assert cleaned["recipient"]["deliveryAddress"] == {
        "name": REDACTED,
        "countryCode": "DE",
        "city": REDACTED,
    }
    assert cleaned["quantity"] == 3


@pytest.mark.parametrize("secret", ["buyerName", "client_secret"])
def test_json_written_as_a_text_is_redacted_as_json(secret: str) -> None:
    inner = {secret: [CANARY], "buyer": {"name": CANARY}, "rows": 3}
    text = json.dumps({"more": json.dumps(inner)})

    cleaned = redact_json({"detail": text})

    assert CANARY not in json.dumps(cleaned)
    assert json.loads(json.loads(cleaned["detail"])["more"])["rows"] == 3


@pytest.mark.parametrize(
    "text", ['{"rows":  3}', "[1,2]", "{not JSON", "[emulator] began", "{" * 9]
)
def test_text_without_secrets_stays_as_it_was_written(text: str) -> None:
    assert redact_json([text]) == [text]


def test_json_too_deep_to_look_at_is_taken_out() -> None:
    assert redact_json("[" * 100_000 + f'"{CANARY}"' + "]" * 100_000) == REDACTED


PERSONAL = st.sampled_from(
    [
        "buyerName",
        "buyerEmail",
        "BuyerName",
        "addressLine1",
        "AddressLine2",
        "postalCode",
        "DestinationPostalCode",
        "phone",
        "giftMessage",
        "companyName",
        "access_token",
        "clientSecret",
        "newClientSecret",
        "restrictedDataToken",
    ]
)
SECRET_LEAF = st.one_of(
    st.just(CANARY), st.just([CANARY]), st.just({"any": {"where": CANARY}})
)
TREE: st.SearchStrategy[Any] = st.recursive(
    st.dictionaries(PERSONAL, SECRET_LEAF, max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["payload", "orders", "x"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)


@given(TREE)
def test_json_loses_personal_values_at_any_depth(tree: Any) -> None:
    assert CANARY not in json.dumps(redact_json(tree))


@given(st.dictionaries(PERSONAL, st.just(CANARY), min_size=1, max_size=4))
def test_text_of_json_loses_personal_values(data: dict[str, str]) -> None:
    assert CANARY not in redact_text("body=" + json.dumps(data))
    assert CANARY not in redact_text(repr(data))


def test_known_values_are_taken_out() -> None:
    long, short = "x" * 20 + CANARY, "hunter2pw"

    text = redact_values(f"a{long}b {short}, not{short}", {long, short})

    assert text == f"a{REDACTED}b {REDACTED}, not{short}"


@pytest.mark.parametrize("is_list", [True, False])
def test_what_is_nested_too_deeply_is_taken_out(is_list: bool) -> None:
    value: object = "anna@example.com"
    for _ in range(900):
        value = [value] if is_list else {"a": value}

    redacted = redact_json({"orderId": "1", "deep": value})

    assert redacted["orderId"] == "1"
    assert "anna" not in json.dumps(redacted)
