"""Tests of the lint that keeps markup free of scripts and unescaped text."""

from pathlib import Path

import pytest

from dev.markup import findings


@pytest.mark.parametrize(
    ("source", "title"),
    [
        ("<p>{{ name|safe }}</p>", "unescaped output"),
        ("{% autoescape off %}{{ x }}{% endautoescape %}", "escaping turned off"),
        ("<script>go()</script>", "inline script"),
        ('<p style="color: red">x</p>', "inline style"),
        ('<a\n href="#" onclick="go()">x</a>', "inline event handler"),
        ('<a href="javascript:go()">x</a>', "script address"),
        ('<script src="https://example.com/a.js"></script>', "file of another host"),
    ],
)
def test_template_breach_is_found(tmp_path: Path, source: str, title: str) -> None:
    page = tmp_path / "templates" / "page.html"
    page.parent.mkdir()
    page.write_text(source, encoding="utf-8")
    assert [title in finding for finding in findings(tmp_path)] == [True]


def test_clean_template_has_no_finding(tmp_path: Path) -> None:
    page = tmp_path / "templates" / "page.html"
    page.parent.mkdir()
    page.write_text(
        "{% load static %}<script src=\"{% static 'a.js' %}\" defer></script>"
        '<a href="https://example.com/" class="on">{{ name }}</a>',
        encoding="utf-8",
    )
    assert list(findings(tmp_path)) == []


def test_unescaped_output_in_code_is_found(tmp_path: Path) -> None:
    module = tmp_path / "shoplink" / "pages.py"
    module.parent.mkdir()
    module.write_text("from x import " + "mark" + "_safe\n", encoding="utf-8")
    assert list(findings(tmp_path)) == [
        "shoplink/pages.py:1: unescaped output: mark" + "_safe"
    ]
