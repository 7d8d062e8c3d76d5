"""One place reads what an address names, and takes no nonsense from it."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any, cast

import pytest
from django.http import QueryDict
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.forms import parameters
from channels_amazon.forms.parameters import Parameter

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "channels_amazon" / "forms" / "parameters.py"
WORD = Parameter("word", 12)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("a b", "a b"),
        ("a" * 13, "a" * 12),
        ("a\x00", ""),
        ("\ud800", ""),
        ("", ""),
    ],
)
def test_text_is_cut_and_readable(rf: RequestFactory, text: str, read: str) -> None:
    request = rf.get("/")
    given = QueryDict(mutable=True)
    given["word"] = text
    request.GET = cast(Any, given)

    assert WORD.of(request) == read


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("word=7", 7),
        ("word=1&word=2", 2),
        ("word=-1", None),
        ("word=7.0", None),
        ("word=%D9%A3", None),
        ("word=%C2%B2", None),
        ("other=7", None),
        ("word=", None),
    ],
)
def test_number_is_an_id_or_none(
    rf: RequestFactory, query: str, number: int | None
) -> None:
    assert WORD.number(rf.get(f"/?{query}")) == number


@given(text=st.text(max_size=2000))
def test_any_text_reads_as_text_and_any_number_as_an_id(text: str) -> None:
    request = RequestFactory().get("/")
    given = QueryDict(mutable=True)
    given["account"] = text
    request.GET = cast(Any, given)

    assert parameters.is_readable(parameters.ACCOUNT.of(request))
    assert (parameters.ACCOUNT.number(request) or 0) < 10**18


def test_unreadable_values_are_found_nowhere_and_the_others_stay(
    rf: RequestFactory,
) -> None:
    request = rf.get("/?a=1&a=%00&b=%00&c%00=1&d=2")

    parameters.replace_unreadable(request)

    assert request.GET.urlencode() == "a=1&a=%EF%BF%BD&b=%EF%BF%BD&d=2"


def test_query_without_names_keeps_the_others(rf: RequestFactory) -> None:
    request = rf.get("/?q=a+b&after=7&tab=events")

    assert parameters.without(request, "after") == "q=a+b&tab=events"
    assert parameters.without(request, "after", tab="runs") == "q=a+b&tab=runs"


def test_nothing_else_reads_addresses() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for folder in ("channels_amazon", "shoplink")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path != HOME and "emulator" not in path.parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "GET"
    ]

    assert found == []
