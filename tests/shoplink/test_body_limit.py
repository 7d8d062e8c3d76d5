"""A stranger's body costs nothing: it is refused by its length, unread."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse
from django.utils import translation
from gunicorn.config import Config
from gunicorn.http.parser import RequestParser
from gunicorn.http.wsgi import create

from channels_amazon.forms import setup
from channels_amazon.forms.store_orders import MOST_BYTES
from channels_amazon.models import StoreMember
from channels_amazon.storefronts import shipment_file, stock_file
from channels_amazon.views.base import FORM_BYTES
from channels_amazon.views.shipping.bulk import MOST_TEXT
from shoplink import body_limit
from tests import builders
from tests.shoplink.every_page import Rows, pages
from tests.views.scene import make_member_client

pytestmark = pytest.mark.django_db

LOGIN = "/admin/login/"
UPLOADS = {
    "amazon-bulk-ship": shipment_file.MOST_BYTES,
    "amazon-bulk-ship-take": MOST_TEXT,
    "amazon-store-order-import": MOST_BYTES,
    "amazon-setup-store": setup.MOST_BYTES,
    "amazon-stock-take-list": stock_file.MOST_BYTES,
}


class Unread(BytesIO):
    """A body that must not be touched."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Fail."""
        raise AssertionError("The body was read.")


def post(client: Client, address: str, length: int, **extra: Any) -> Any:
    """Send so many bytes as a form, none of which may be read."""
    return client.generic(
        "POST",
        address,
        **{
            "CONTENT_TYPE": "multipart/form-data; boundary=x",
            "CONTENT_LENGTH": str(length),
            "wsgi.input": Unread(),
            **extra,
        },
    )


@pytest.mark.parametrize("path", [LOGIN, "/i18n/setlang/", "/admin/amazon/ship-file/"])
def test_strangers_body_above_the_limit_is_refused_unread(
    client: Client, path: str
) -> None:
    answer = post(client, path, django_settings.BODY_LIMIT_BYTES + 1)

    assert answer.status_code == 413
    assert "too large" in answer.content.decode()
    assert "script-src 'none'" in answer["Content-Security-Policy"]


def test_every_page_refuses_a_huge_body_unread() -> None:
    rows = Rows()
    client = Client()
    client.force_login(rows.user, backend=django_settings.AUTHENTICATION_BACKENDS[1])  # type: ignore[arg-type]
    huge = 100 * 1024 * 1024

    found = {
        page.name: post(client, page.address, huge).status_code for page in pages(rows)
    }

    assert {name for name, status in found.items() if status != 413} == set()


def test_page_of_files_takes_what_it_says_from_who_is_signed_in(
    client: Client,
) -> None:
    store = builders.make_store()
    signed_in = make_member_client(store, StoreMember.Role.OWNER)
    for name, most in UPLOADS.items():
        args = [store.pk] if name.endswith(("take", "setup-store")) else []
        address = reverse(name, args=args)

        assert post(client, address, most).status_code == 413
        with pytest.raises(AssertionError, match="was read"):
            post(signed_in, address, most)
        assert post(signed_in, address, most + FORM_BYTES + 1).status_code == 413


def test_pages_of_files_are_exactly_these() -> None:
    def named(patterns: Any) -> Iterator[str]:
        for entry in patterns:
            if isinstance(entry, URLResolver):
                yield from named(entry.url_patterns)
            elif hasattr(entry.callback, "largest_body"):
                yield entry.name

    assert set(named(get_resolver().url_patterns)) == set(UPLOADS)


def test_largest_file_still_comes_through() -> None:
    row = b"order id,carrier,tracking number\n"
    content = row + b"#" * (shipment_file.MOST_BYTES - len(row))
    file = SimpleUploadedFile("parcels.csv", content, "text/csv")
    store = builders.make_store()
    client = make_member_client(store, StoreMember.Role.OPERATOR)

    answer = client.post(reverse("amazon-bulk-ship"), {"file": file, "store": store.pk})

    assert answer.status_code == 200
    assert "parcels of this file would ship now." in answer.content.decode()


def test_text_of_the_largest_file_may_be_sent_back() -> None:
    # Django's own limit for what is no file.
    assert MOST_TEXT < django_settings.DATA_UPLOAD_MAX_MEMORY_SIZE


def test_body_without_a_length_is_refused_unread(client: Client) -> None:
    answer = post(client, LOGIN, 0, HTTP_TRANSFER_ENCODING="chunked")

    assert answer.status_code == 411


@pytest.mark.parametrize("length", ["", "x", "-1"])
def test_length_that_is_none_reads_nothing(client: Client, length: str) -> None:
    answer = post(client, LOGIN, 0, CONTENT_LENGTH=length)

    assert answer.status_code in {200, 400, 403}


def test_refusal_speaks_chinese(client: Client) -> None:
    with translation.override("zh-hans"):
        answer = post(client, LOGIN, 10**9, HTTP_ACCEPT_LANGUAGE="zh-hans")

    assert 'lang="zh-hans"' in answer.content.decode()


@contextmanager
def connected() -> Iterator[tuple[socket.socket, dict[str, Any]]]:
    """Give a client's socket and what gunicorn makes of the request that it sends."""
    client, server = socket.socketpair()
    client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc")
    config = Config()
    request = next(RequestParser(config, server, ("127.0.0.1", 1)))
    _response, environ = create(request, server, ("127.0.0.1", 1), ("h", 80), config)
    try:
        yield client, environ
    finally:
        client.close()
        server.close()


def test_body_that_drips_ends_at_its_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_limit, "BODY_SECONDS", 0.5)
    ended: list[float] = []

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        begun = time.monotonic()
        try:
            environ["wsgi.input"].read(1000)
        finally:
            ended.append(time.monotonic() - begun)
        return []

    stop = threading.Event()
    with connected() as (client, environ):

        def drip() -> None:
            with suppress(OSError):
                while not stop.wait(0.05):
                    client.sendall(b"d")

        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            with suppress(OSError):
                body_limit.with_deadline(application)(environ, None)
        finally:
            stop.set()
            dripping.join()

    assert ended[0] < 10
