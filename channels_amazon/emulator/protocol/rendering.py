"""Turn page templates into answers, in English or Chinese; emulator."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from werkzeug.wrappers import Request, Response

PAGES = Path(__file__).parents[1] / "pages"
LANGUAGES = ("en", "zh")
POLICY = "default-src 'none'; style-src 'self'; img-src data:"


def page(
    request: Request, template: str, status: int = 200, **values: object
) -> Response:
    """Render a template of `pages/` in the language the browser asks for."""
    language = language_of(request)
    chinese = _chinese() if language == "zh" else {}

    def translate(text: str) -> str:
        return chinese.get(text, text)

    body = (
        _environment()
        .get_template(template)
        .render(
            **values,
            t=translate,
            language=language,
            style_url=f"{request.host_url}_emulator/style.css",
        )
    )
    response = Response(body, status, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cache-Control"] = "no-store"
    return response


def style() -> Response:
    """Return the pages' style sheet."""
    return Response(
        (PAGES / "style.css").read_text(encoding="utf-8"),
        content_type="text/css; charset=utf-8",
    )


def language_of(request: Request) -> str:
    """Return `zh` or `en`, by the query parameter `lang` or Accept-Language."""
    requested = request.args.get("lang")
    if requested in LANGUAGES:
        return requested
    return "zh" if request.accept_languages.best_match(["en", "zh"]) == "zh" else "en"


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(PAGES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _chinese() -> dict[str, str]:
    texts: dict[str, str] = json.loads(
        (PAGES / "zh.json").read_text(encoding="utf-8"),
    )
    return texts
