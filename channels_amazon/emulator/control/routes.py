"""The control API under /_emulator/: routes requests to the controls; emulator."""

from __future__ import annotations

import json
from typing import Any

from werkzeug.wrappers import Request, Response

from ..model.state import World
from ..model.state_dump import dump, recent_requests
from ..protocol.rendering import style
from .fields import ControlError
from .page import show, submit
from .registry import CONTROLS

Json = dict[str, Any]

PREFIX = "/_emulator"
READS = {
    "state": "GET: everything that exists, ?region=na for one region only.",
    "requests": "GET: the newest requests to SP-API and LWA, ?count=200.",
    "control": "GET: the control page.",
}


def handle(world: World, request: Request) -> Response:
    """Answer a request below `/_emulator/`."""
    name = request.path.removeprefix(PREFIX).strip("/")
    try:
        if name == "style.css":
            return style()
        if name in {"control", "page"}:
            return show(world, request)
        if name.startswith("page/"):
            return submit(world, request, name.removeprefix("page/"))
        if request.method == "GET":
            return _json(_read(world, request, name))
        return _json(run(world, name, _body(request)))
    except ControlError as error:
        return _json({"error": str(error)}, error.status)


def run(world: World, name: str, body: Json) -> Json:
    """Carry out a control; raises ControlError when it is not possible."""
    if name == "state":
        return dump(world, str(body.get("region", "")))
    control = CONTROLS.get(name)
    if control is None:
        raise ControlError(f"There is no control {name}.", 404)
    with world.lock:
        try:
            return control.run(world, control.read(world, body))
        except ControlError:
            raise
        except ValueError as error:
            raise ControlError(str(error)) from error


def describe(world: World) -> Json:
    """Return every control with the shape of its body."""
    return {
        "reads": {f"{PREFIX}/{name}": text for name, text in READS.items()},
        "controls": {
            name: control.describe(world) for name, control in CONTROLS.items()
        },
    }


def _read(world: World, request: Request, name: str) -> Json:
    if not name:
        return describe(world)
    if name == "state":
        return dump(world, request.args.get("region", ""))
    if name == "requests":
        return recent_requests(world, request.args.get("count", 200, type=int))
    if name in CONTROLS:
        return CONTROLS[name].describe(world)
    raise ControlError(f"There is no control {name}.", 404)


def _body(request: Request) -> Json:
    if not request.data:
        return {}
    try:
        body = json.loads(request.data)
    except ValueError as error:
        raise ControlError("The body must be JSON.") from error
    if not isinstance(body, dict):
        raise ControlError("The body must be a JSON object.")
    return body


def _json(body: Json, status: int = 200) -> Response:
    return Response(
        json.dumps(body, ensure_ascii=False, indent=1) + "\n",
        status,
        content_type="application/json; charset=utf-8",
    )
