"""A file's letters are those that were written, or it is refused."""

from __future__ import annotations

import pytest

from channels_amazon.storefronts.catalogue import StorefrontError
from channels_amazon.storefronts.file_text import decode, lines_of


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("sku,title\nA,Becher weiß", "utf-8"),
        ("sku,title\nA,Becher weiß", "utf-8-sig"),
        ("sku\ttitle\nA\t陶瓷杯", "utf-16"),
        ("sku,title\nMUG-01,陶瓷马克杯 白色\nMUG-02,保温杯 500ml", "gb18030"),
        ("商品编码,商品名称,库存数量\nMUG-01,陶瓷马克杯,8", "gb18030"),
        ("sku,品\nT恤M码,3", "gb18030"),
        ("sku;carrier\nKÖRBCHEN-1;DHL\nB;Österreichische Post", "cp1252"),
        ("sku;title\nA;Becher weiß", "cp1252"),
        ("sku;title\nA;Größe", "cp1252"),
        ("sku;title\nA;tasse créée à Nîmes, 12 €", "cp1252"),
        ("sku,title\nA,plain", "ascii"),
    ],
)
def test_letters_are_those_that_were_written(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding), kind="file") == text


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n\x00\x00",
        "sku\tstock".encode("utf-16-le"),
        "sku,n\nA,ポップアップ".encode("cp932"),
        "a,нож\n".encode("cp1251"),
        "sku,名\nA,陶瓷馬克杯\nB,保溫杯\n".encode("big5"),
        "陶瓷马克杯".encode("gb18030")[:-1],
    ],
)
def test_letters_that_are_not_certain_are_refused(content: bytes) -> None:
    with pytest.raises(StorefrontError) as caught:
        decode(content, kind="file")

    assert caught.value.code == "file.encoding"
    assert "UTF-8" in caught.value.message


def test_empty_file_is_a_text() -> None:
    assert decode(b"", kind="file").strip() == ""


def test_only_the_ends_of_lines_end_a_line() -> None:
    text = "a\u2028b\x0bc\u0085d\x1ce\r\nf"

    assert list(lines_of(text)) == ["a\u2028b\x0bc\u0085d\x1ce\r\n", "f"]
