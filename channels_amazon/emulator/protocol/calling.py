"""One SP-API call: its parameters read strictly, its answer or refusal; emulator."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..model.entities import EmulatedAccessToken, Seller
from ..model.places import marketplace_region
from ..model.state import World

Json = dict[str, Any]

NOTIFICATIONS_SCOPE = "sellingpartnerapi::notifications"


class Refusal(Exception):
    """An answer other than 2xx, in Amazon's error envelope."""

    def __init__(self, status: int, code: str, message: str, details: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.details = details

    @property
    def body(self) -> Json:
        """Return the error envelope."""
        error = {"code": self.code, "message": str(self), "details": self.details}
        return {"errors": [error]}


def invalid(message: str, details: str = "") -> Refusal:
    """Return the 400 for a request Amazon cannot accept."""
    return Refusal(400, "InvalidInput", message, details)


def denied(details: str = "") -> Refusal:
    """Return the 403 for a bad token (with details) or a missing role (without)."""
    message = "Access to requested resource is denied."
    return Refusal(403, "Unauthorized", message, details)


def not_found(message: str) -> Refusal:
    """Return the 404 for a thing that is not there."""
    return Refusal(404, "NotFound", message)


@dataclass(frozen=True)
class Caller:
    """Who calls, as the access token says."""

    application_id: str
    region: str
    token: EmulatedAccessToken
    # None for a grantless call
    seller: Seller | None
    # roles that the application has now and the seller has consented to
    roles: frozenset[str]


@dataclass(frozen=True)
class ApiReply:
    """A status and the JSON to send; None sends no body."""

    status: int
    body: Json | None = None


@dataclass(frozen=True)
class Call:
    """One request after the gate."""

    world: World
    caller: Caller
    path: Mapping[str, str]
    query: Mapping[str, list[str]]
    content_type: str
    data: bytes
    # this server's address as the caller wrote it, for links in answers
    host_url: str

    @property
    def seller(self) -> Seller:
        """Return the calling seller; the gate lets no grantless call reach this."""
        if self.caller.seller is None:
            raise denied()
        return self.caller.seller

    def text(self, name: str, allowed: Iterable[str] = ()) -> str | None:
        """Return a single query parameter, or None; raises Refusal."""
        values = self.query.get(name, [])
        if len(values) > 1:
            raise invalid(f"Parameter {name} may be given once only.")
        if not values or not values[0]:
            return None
        choices = tuple(allowed)
        if choices and values[0] not in choices:
            # str(): a list shows an enumeration's member by its repr.
            names = [str(each) for each in choices]
            raise invalid(f"Invalid value for {name}.", f"Allowed: {names}")
        return values[0]

    def values(
        self, name: str, allowed: Iterable[str] = (), most: int | None = None
    ) -> list[str]:
        """Return a list parameter, comma-separated or repeated; raises Refusal."""
        given = self.query.get(name, [])
        values = [part for text in given for part in text.split(",") if part]
        choices = tuple(allowed)
        wrong = [value for value in values if choices and value not in choices]
        if wrong:
            raise invalid(f"Invalid value {wrong[0]} for {name}.")
        if most is not None and len(values) > most:
            raise invalid(f"Parameter {name} takes at most {most} values.")
        return values

    def number(self, name: str, least: int, most: int, default: int) -> int:
        """Return an integer parameter within its bounds; raises Refusal."""
        text = self.text(name)
        if text is None:
            return default
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise invalid(f"Parameter {name} must be between {least} and {most}.")
        return int(text)

    def flag(self, name: str) -> bool:
        """Return a true or false parameter, false when absent; raises Refusal."""
        text = (self.text(name) or "false").lower()
        # Any case: Amazon's own SDK for Python sends True.
        if text not in {"true", "false"}:
            raise invalid(f"Invalid value for {name}.", "Allowed: true, false")
        return text == "true"

    def moment(self, name: str) -> datetime | None:
        """Return an ISO 8601 parameter as aware UTC, or None; raises Refusal."""
        text = self.text(name)
        return None if text is None else parse_moment(text, name)

    def marketplaces(self, *, most: int | None = None) -> list[str]:
        """Return the required marketplaceIds, all of this region; raises Refusal."""
        found = self.values("marketplaceIds", most=most)
        if not found:
            raise invalid("Missing required parameter marketplaceIds.")
        self.check_marketplaces(found)
        return found

    def check_marketplaces(self, marketplace_ids: Iterable[str]) -> None:
        """Refuse a marketplace that is unknown or belongs to another region."""
        for marketplace_id in marketplace_ids:
            if marketplace_region(marketplace_id) != self.caller.region:
                raise invalid(f"Invalid marketplaceId {marketplace_id}.")

    def json(self) -> Json:
        """Return the body, a JSON object; raises Refusal."""
        if self.content_type.split(";")[0].strip().lower() != "application/json":
            raise Refusal(415, "UnsupportedMediaType", "The content type must be JSON.")
        try:
            body = json.loads(self.data)
        except ValueError as error:
            raise invalid("Request body is not valid JSON.") from error
        if not isinstance(body, dict):
            raise invalid("Request body must be a JSON object.")
        return body


def parse_moment(text: str, name: str) -> datetime:
    """Read an ISO 8601 time with its zone as aware UTC; raises Refusal."""
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError as error:
        raise invalid(f"{name} is not a valid ISO 8601 date-time.") from error
    if moment.tzinfo is None or len(text) < len("2026-01-01T00:00Z"):
        raise invalid(f"{name} must be an ISO 8601 date-time with a time zone.")
    return moment.astimezone(UTC)


def field_moment(body: Json, name: str) -> datetime | None:
    """Return a time of a body as aware UTC, or None where absent; raises Refusal."""
    text = field_text(body, name, required=False)
    return parse_moment(text, name) if text else None


def field_list(body: Json, name: str, least: int, most: int) -> list[Any]:
    """Return a list of a body within its bounds; raises Refusal."""
    value = body.get(name)
    if value is None:
        raise invalid(f"Missing required field {name}.")
    if not isinstance(value, list):
        raise invalid(f"Invalid type of field {name}: a list is expected.")
    if not least <= len(value) <= most:
        raise invalid(f"Field {name} must have between {least} and {most} members.")
    return value


def field_text(body: Json, name: str, *, required: bool = True) -> str:
    """Return a string of a body, or an empty one where optional; raises Refusal."""
    value = body.get(name)
    if value is None and not required:
        return ""
    if value is None:
        raise invalid(f"Missing required field {name}.")
    if not isinstance(value, str):
        raise invalid(f"Invalid type of field {name}: a string is expected.")
    if required and not value.strip():
        raise invalid(f"Field {name} must not be empty.")
    return value


Handler = Callable[[Call], ApiReply]


@dataclass(frozen=True)
class Route:
    """Bind a method and a path to the function that serves it."""

    operation: str
    method: str
    # segments; `{name}` takes any one segment
    template: str
    handler: Handler
    # the grantless scope it needs instead of a seller's token
    scope: str | None = None
    # needs a restricted data token for this path
    restricted: bool = False

    def match(self, segments: list[str]) -> dict[str, str] | None:
        """Return the path parameters if the segments fit, else None."""
        parts = self.template.strip("/").split("/")
        if len(parts) != len(segments):
            return None
        found: dict[str, str] = {}
        for part, segment in zip(parts, segments, strict=True):
            if part.startswith("{"):
                found[part[1:-1]] = segment
            elif part != segment:
                return None
        return found
