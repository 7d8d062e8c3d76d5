"""Finds what the content security policy would block or what could inject markup."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

FOLDERS = ("templates", "channels_amazon", "shoplink")

# The admin's look evaluates expressions in markup, so unescaped text is code.
TEMPLATE_RULES = {
    "unescaped output": re.compile(r"\|\s*(safe|safeseq)\b"),
    "escaping turned off": re.compile(r"\{%-?\s*autoescape\s+(off|false)"),
    "inline script": re.compile(r"<script\b(?![^>]*\bsrc\s*=)", re.IGNORECASE),
    "inline style": re.compile(r"<style\b|<[^>]+\sstyle\s*=", re.IGNORECASE),
    "inline event handler": re.compile(r"<[^>{]+\son[a-z]+\s*=", re.IGNORECASE),
    "script address": re.compile(r"=\s*[\"']?\s*javascript:", re.IGNORECASE),
    "file of another host": re.compile(
        r"<(?:script|img|iframe|source)\b[^>]*\ssrc\s*=\s*[\"']?(?:https?:)?//"
        r"|<link\b[^>]*\shref\s*=\s*[\"']?(?:https?:)?//",
        re.IGNORECASE,
    ),
}
CODE_RULES = {
    "unescaped output": re.compile(r"\bmark_safe\b|\bSafeString\b|\bSafeText\b"),
    "escaping turned off": re.compile(r"\bautoescape\s*=\s*False\b"),
}


def findings(root: Path) -> Iterator[str]:
    """Yield one line, with file, line number and rule, for each breach."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            rules = {".html": TEMPLATE_RULES, ".py": CODE_RULES}.get(path.suffix)
            if rules:
                yield from _breaches(path, path.relative_to(root), rules)


def _breaches(
    path: Path, name: Path, rules: dict[str, re.Pattern[str]]
) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    for title, rule in rules.items():
        for match in rule.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            yield f"{name}:{line}: {title}: {match.group(0).strip()}"
