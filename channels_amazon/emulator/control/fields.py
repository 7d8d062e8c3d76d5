"""How the body of a control is described, read and refused; emulator."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from ..model.state import World

Json = dict[str, Any]
Body = dict[str, Any]
Choices = Callable[[World], tuple[str, ...]]
Current = Callable[[World], Any]


class ControlError(ValueError):
    """Say in one sentence why a control was not carried out."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def no_choices(_world: World) -> tuple[str, ...]:
    """Return nothing: any text is allowed."""
    return ()


def no_current(_world: World) -> Any:
    """Return nothing: the form starts with the default."""
    return None


@dataclass(frozen=True)
class Field:
    """One key of a control's body.

    `kind` is text, whole, number, yes_no, names (a list of texts) or any_json;
    `current` is what the form starts with.
    """

    name: str
    kind: str
    label: str
    default: Any = None
    choices: Choices = no_choices
    required: bool = False
    current: Current = no_current
    in_form: bool = True

    def describe(self, world: World) -> Json:
        """Return the field's shape for the list of controls."""
        shape: Json = {"type": self.kind, "required": self.required}
        if self.default is not None:
            shape["default"] = self.default
        choices = self.choices(world)
        if choices:
            shape["choices"] = list(choices)
        return shape

    def check(self, world: World, value: Any) -> Any:
        """Return a JSON value as this field takes it; raises ControlError."""
        if not _IS_KIND[self.kind](value):
            raise ControlError(f"{self.name} must be of type {self.kind}.")
        if self.kind in {"whole", "number"} and value < 0:
            raise ControlError(f"{self.name} must not be below zero.")
        choices = self.choices(world)
        given = value if isinstance(value, list) else [value]
        if choices and any(each not in choices for each in given):
            raise ControlError(f"{self.name} must be one of: {', '.join(choices)}.")
        return value

    def initial(self, world: World) -> Any:
        """Return what the form starts with: the present value or the default."""
        current = self.current(world)
        return self.default if current is None else current

    def from_form(self, world: World, form: MultiDict[str, str]) -> Any:
        """Return the JSON value of a form's entry, None for an empty one.

        Raises ControlError.
        """
        if self.kind == "yes_no":
            return self.name in form
        if self.kind == "names" and self.choices(world):
            return form.getlist(self.name)
        text = form.get(self.name, "").strip()
        if not text:
            return None
        try:
            return _FROM_TEXT[self.kind](text)
        except ValueError as error:
            raise ControlError(f"{self.name} must be of type {self.kind}.") from error


@dataclass(frozen=True)
class Control:
    """One thing the outside may do to the emulated Amazon."""

    name: str
    title: str
    help: str
    fields: tuple[Field, ...]
    run: Callable[[World, Body], Json]

    def describe(self, world: World) -> Json:
        """Return the control for the list of controls."""
        return {
            "method": "POST",
            "path": f"/_emulator/{self.name}",
            "help": self.help,
            "body": {field.name: field.describe(world) for field in self.fields},
        }

    def read(self, world: World, body: Mapping[str, object]) -> Body:
        """Return a body with its defaults filled in; raises ControlError."""
        fields = {field.name: field for field in self.fields}
        unknown = sorted(set(body) - set(fields))
        if unknown:
            raise ControlError(
                f"{self.name} does not know {', '.join(unknown)};"
                f" it takes: {', '.join(fields) or 'nothing'}."
            )
        read: Body = {}
        for field in self.fields:
            value = body.get(field.name)
            if value is None and field.required:
                raise ControlError(f"{field.name} is missing.")
            read[field.name] = (
                field.default if value is None else field.check(world, value)
            )
        return read

    def read_form(self, world: World, form: MultiDict[str, str]) -> Body:
        """Return the JSON body that a form stands for; raises ControlError.

        An empty entry is left out; a tick box that is not ticked is false.
        """
        return {
            field.name: field.from_form(world, form)
            for field in self.fields
            if field.in_form
        }


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return _is_whole(value) or (isinstance(value, float) and math.isfinite(value))


def _are_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _names(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _any_json(text: str) -> Any:
    """Read JSON; what is not JSON stays a text, for bodies that are no JSON."""
    try:
        return json.loads(text)
    except ValueError:
        return text


_IS_KIND: dict[str, Callable[[object], bool]] = {
    "text": lambda value: isinstance(value, str),
    "whole": _is_whole,
    "number": _is_number,
    "yes_no": lambda value: isinstance(value, bool),
    "names": _are_names,
    "any_json": lambda _value: True,
}
_FROM_TEXT: dict[str, Callable[[str], Any]] = {
    "text": str,
    "whole": int,
    "number": float,
    "names": _names,
    "any_json": _any_json,
}
