"""The control page: a form for each control, recent orders and requests; emulator."""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import urlencode

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from ..model.places import PLACES
from ..model.state import World
from ..protocol.rendering import language_of, page
from .fields import Control, ControlError, Field
from .registry import CONTROLS

PAGE = "/_emulator/control"
# Rows of the page's two tables.
NEWEST_ORDERS = 15
NEWEST_REQUESTS = 25
# Characters of a result: it travels in the query of the redirect.
LONGEST_RESULT = 600


@dataclass(frozen=True)
class FormField:
    """One field as the page draws it."""

    field: Field
    element_id: str
    choices: tuple[str, ...]
    value: str
    chosen: frozenset[str]

    @property
    def is_ticked(self) -> bool:
        """Tell whether a tick box starts ticked."""
        return self.value == "True"

    def label_of(self, choice: str) -> str:
        """Return a choice as people read it: a marketplace by its name."""
        place = PLACES.get(choice)
        return f"{place.country_code} – {place.name}" if place else choice


def show(world: World, request: Request) -> Response:
    """Return the page."""
    with world.lock:
        newest = sorted(world.orders.values(), key=lambda order: order.created_at)
        return page(
            request,
            "control.html",
            page_url=PAGE,
            forms=[(control, _fields(world, control)) for control in CONTROLS.values()],
            done=CONTROLS.get(request.args.get("done", "")),
            result=request.args.get("result", ""),
            failure=request.args.get("failure", ""),
            now=world.now(),
            world=world,
            places=PLACES,
            orders=newest[: -NEWEST_ORDERS - 1 : -1],
            requests=list(world.requests)[: -NEWEST_REQUESTS - 1 : -1],
            lang=language_of(request),
            other_lang="en" if language_of(request) == "zh" else "zh",
        )


def submit(world: World, request: Request, name: str) -> Response:
    """Carry out a form and go back to the page, so that a reload repeats nothing."""
    control = CONTROLS.get(name)
    if control is None or request.method != "POST":
        raise ControlError(f"There is no control {name}.", 404)
    query = {"lang": language_of(request), "done": name}
    with world.lock:
        try:
            form = control.read_form(world, request.form)
            body = control.read(world, form)
            result = json.dumps(control.run(world, body), ensure_ascii=False)
            query["result"] = result[:LONGEST_RESULT]
        except ValueError as error:
            query["failure"] = str(error)
    return redirect(f"{PAGE}?{urlencode(query)}", 303)


def _fields(world: World, control: Control) -> list[FormField]:
    return [
        _form_field(world, control, field) for field in control.fields if field.in_form
    ]


def _form_field(world: World, control: Control, field: Field) -> FormField:
    initial = field.initial(world)
    is_many = field.kind == "names"
    # Sort a set, so that the page looks the same each time; keep a list's order.
    ordered = sorted(initial) if isinstance(initial, set) else initial
    texts = list(ordered or ()) if is_many else []
    return FormField(
        field=field,
        element_id=f"{control.name}-{field.name}",
        choices=field.choices(world),
        value=", ".join(texts) if is_many else "" if initial is None else str(initial),
        chosen=frozenset(texts if is_many else [str(initial)]),
    )
