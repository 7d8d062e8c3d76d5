"""No page weighs much: not the first one that a browser opens, nor the ones after."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from django.contrib.staticfiles import finders

from tests.shoplink.every_page import Rows, pages
from tests.views.scene import signed_in

pytestmark = pytest.mark.django_db

MOST_FIRST, MOST_AFTER, MOST_REQUESTS = 400_000, 60_000, 30
_FILE = re.compile(rb'<(?:script|link|img)\b[^>]*?\b(?:src|href)="(/static/[^"]+)"')
_INSIDE = re.compile(r"""url\(["']?([^"')]+)["']?\)""")
# No browser that runs scripts fetches what stands there.
_WITHOUT_SCRIPTS = re.compile(rb"<noscript>.*?</noscript>", re.DOTALL)
# What is compressed already.
_DENSE = (".woff2", ".png", ".jpg")


@dataclass(frozen=True)
class Weight:
    """What a page costs whoever opens it first, and whoever has been here."""

    name: str
    page: int
    files: int
    requests: int

    def is_light(self) -> bool:
        """Tell whether it keeps within what a page may cost."""
        first = self.page + self.files
        return (
            first <= MOST_FIRST
            and self.page <= MOST_AFTER
            and self.requests <= MOST_REQUESTS
        )


@cache
def weights_of(address: str) -> tuple[tuple[str, int], ...]:
    """Return the file, and what its style sheet fetches, with their bytes."""
    path = urlsplit(address).path
    found = finders.find(path.removeprefix("/static/"))
    assert found, f"{path} is not there"
    body = Path(str(found)).read_bytes()
    size = len(body) if path.endswith(_DENSE) else len(gzip.compress(body))
    files = [(path, size)]
    if path.endswith(".css"):
        inside = _INSIDE.findall(body.decode())
        for one in inside:
            if not one.startswith(("data:", "#")):
                files += weights_of(urljoin(path, one))
    return tuple(files)


def test_every_page_is_light() -> None:
    rows = Rows()
    found = []
    for page in pages(rows):
        answer = signed_in(rows.user).get(page.address)
        is_page = answer.get("Content-Type", "").startswith("text/html")
        if answer.status_code != 200 or answer.streaming or not is_page:
            continue
        seen = _WITHOUT_SCRIPTS.sub(b"", answer.content)
        addresses = set(_FILE.findall(seen))
        files = {
            name: size
            for address in addresses
            for name, size in weights_of(address.decode())
        }
        made = answer.content.count(b'src="/admin/jsi18n/')
        html = len(gzip.compress(answer.content))
        found.append(
            Weight(page.name, html, sum(files.values()), len(files) + 1 + made)
        )

    assert len(found) > 40
    assert [one for one in found if not one.is_light()] == []


def test_no_page_brings_fonts_of_text_or_a_chart_library() -> None:
    rows = Rows()
    answer = signed_in(rows.user).get("/admin/amazon/")
    files = {
        name
        for address in set(_FILE.findall(answer.content))
        for name, _size in weights_of(address.decode())
    }

    assert [name for name in files if name.endswith(".woff2")] == [
        "/static/channels_amazon/icons.woff2"
    ]
    assert not any("chart" in name or "inter" in name for name in files)
