"""Every name that the settings read stands in .env.example, and no other."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Read by the libraries that are used, not by our settings.
OF_LIBRARIES = {
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL_SQS",
    "AWS_SECRET_ACCESS_KEY",
    "GUNICORN_CMD_ARGS",
    "HTTPS_PROXY",
    "NO_PROXY",
    "REQUESTS_CA_BUNDLE",
}


def names_read() -> set[str]:
    """Return the first argument of each call of `env.…` and `os.environ.get`."""
    tree = ast.parse((ROOT / "shoplink" / "settings.py").read_text(encoding="utf-8"))
    found = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        named, first = ast.unparse(node.func), node.args[0]
        is_read = bool(re.fullmatch(r"env\.\w+", named)) or named == "os.environ.get"
        if is_read and isinstance(first, ast.Constant):
            found.add(str(first.value))
    return found


def names_shown() -> list[str]:
    """Return the names in .env.example, `…_FILE` under the name that it stands for."""
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    names = re.findall(r"^#?([A-Z][A-Z0-9_]+)=", text, re.MULTILINE)
    own = names_read()
    return [name if name in own else name.removesuffix("_FILE") for name in names]


def test_example_shows_each_name_once() -> None:
    shown = names_shown()
    assert set(shown) == names_read() | OF_LIBRARIES
    assert len(shown) == len(set(shown))
