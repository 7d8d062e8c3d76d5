"""Answers whoever asks for the bank's file, in good and bad ways; emulator."""

from __future__ import annotations

from werkzeug.wrappers import Request, Response

from ..model.state import RatesContent, World
from .file import daily_file, published_day

PATH = "/_rates/eurofxref-daily.xml"
_HTML = "<!DOCTYPE html><html><body>Please sign in to this network.</body></html>"


def handle(world: World, request: Request) -> Response:
    """Answer with the file of the newest day, unless the switches say otherwise."""
    with world.lock:
        switches, now, seed = world.switches.rates, world.now(), world.seed
        day = published_day(now, days_behind=switches.days_behind)
    if switches.content == RatesContent.HTML:
        return Response(_HTML, content_type="text/html")
    text = daily_file(day, seed)
    if switches.content == RatesContent.UNREADABLE:
        text = text[: len(text) // 2]
    return Response(text, content_type="text/xml")
