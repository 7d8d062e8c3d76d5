"""Amazon's published models as a judge of answers (test support)."""

import json
import os
import re
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator, FormatChecker

PROJECT = Path(__file__).resolve().parents[2]
MODEL_FILES = (
    "catalogItems_2022-04-01",
    "fbaInventory",
    "feeds_2021-06-30",
    "fulfillmentOutbound_2020-07-01",
    "fulfillmentOutbound_2026-07-04",
    "listingsItems_2021-08-01",
    "merchantFulfillmentV0",
    "notifications",
    "ordersV0",
    "orders_2026-01-01",
    "reports_2021-06-30",
    "sellers",
    "tokens_2021-03-01",
)
# The emulator's names of operations whose own names two models share.
PREFIXES = {"fulfillmentOutbound_2026-07-04": "outbound."}
FORMATS = FormatChecker()


@FORMATS.checks("date-time", raises=ValueError)
def has_zone(value: object) -> bool:
    """Tell whether a text is an ISO 8601 time with its zone."""
    return (
        not isinstance(value, str)
        or datetime.fromisoformat(value).utcoffset() is not None
    )


def models_directory() -> Path:
    """Return where Amazon's models and schemas are expected."""
    given = os.environ.get("SHOPLINK_SPAPI_MODELS")
    return Path(given) if given else PROJECT.parent / "shared" / "spapi"


@dataclass(frozen=True)
class Operation:
    """One operation of a model: its file, method, path and declared answers."""

    model: str
    method: str
    path: str
    name: str
    responses: dict[str, Any]
    # the schema of the request's body, if it has one
    body: dict[str, Any] | None

    def matches(self, method: str, path: str) -> bool:
        """Tell whether a request is one of this operation."""
        pattern = re.sub(r"\\{[^/]+?\\}", "[^/]+", re.escape(self.path))
        return self.method == method.lower() and bool(re.fullmatch(pattern, path))


def faults_of(method: str, path: str, status: int, body: bytes) -> list[str]:
    """Return what Amazon's model forbids in an answer, an empty list if nothing.

    The path is the one sent, percent-encoded and without the region's prefix.
    """
    operation = find_operation(method, path)
    declared = operation.responses.get(str(status))
    if declared is None:
        return [f"{operation.name} does not declare status {status}"]
    if "schema" not in declared:
        return [f"{operation.name} {status} must be empty"] if body else []
    return _schema_faults(operation, declared["schema"], json.loads(body))


def headers_declared(method: str, path: str, status: int) -> set[str]:
    """Return the names of the headers declared for an answer, in lower case."""
    declared = find_operation(method, path).responses[str(status)]
    return {name.lower() for name in declared.get("headers", {})}


SCHEMAS = {
    "ORDER_CHANGE": "OrderChangeNotification",
    "REPORT_PROCESSING_FINISHED": "ReportProcessingFinishedNotification",
    "FEED_PROCESSING_FINISHED": "FeedProcessingFinishedNotification",
    "FULFILLMENT_ORDER_STATUS": "FulfillmentOrderStatusNotification",
    "FBA_INVENTORY_AVAILABILITY_CHANGES": "FBAInventoryAvailabilityChangeNotification",
}


def event_faults(event: dict[str, Any]) -> list[str]:
    """Return what the schema of its notification type forbids in an event."""
    kind = event.get("NotificationType") or event.get("notificationType") or ""
    path = models_directory() / "schemas" / f"{SCHEMAS[kind]}.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    validator = Draft7Validator(schema, format_checker=FORMATS)
    return [_describe(error) for error in validator.iter_errors(event)]


def document_faults(schema: str, document: Any) -> list[str]:
    """Return what a published schema forbids in a document, such as a feed."""
    return [_describe(error) for error in _document_judge(schema).iter_errors(document)]


@cache
def _document_judge(name: str) -> Draft7Validator:
    path = models_directory() / "schemas" / f"{name}.json"
    return Draft7Validator(json.loads(path.read_text(encoding="utf-8")))


def request_faults(method: str, path: str, body: Any) -> list[str]:
    """Return what Amazon's model forbids in the body of a request."""
    operation = find_operation(method, path)
    if operation.body is None:
        return ["a body is not declared"] if body is not None else []
    return _schema_faults(operation, operation.body, body)


def find_operation(method: str, path: str) -> Operation:
    """Return the operation of a request; raises LookupError if there is none."""
    found = [each for each in operations() if each.matches(method, path)]
    if not found:
        raise LookupError(f"no model has {method} {path}")
    # A literal path wins over one with a parameter in the same place.
    return min(found, key=lambda each: each.path.count("{"))


@cache
def operations() -> tuple[Operation, ...]:
    """Return every operation of the models that the emulator serves."""
    return tuple(
        Operation(
            model,
            method,
            path,
            PREFIXES.get(model, "") + spec["operationId"],
            spec["responses"],
            _body_schema(spec),
        )
        for model in MODEL_FILES
        for path, methods in _model(model)["paths"].items()
        for method, spec in methods.items()
        if method in {"get", "post", "put", "patch", "delete"}
    )


def _body_schema(spec: dict[str, Any]) -> dict[str, Any] | None:
    for parameter in spec.get("parameters", []):
        if parameter.get("in") == "body":
            schema: dict[str, Any] = parameter["schema"]
            return schema
    return None


@cache
def _model(name: str) -> dict[str, Any]:
    path = models_directory() / "models" / f"{name}.json"
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def _schema_faults(
    operation: Operation, schema: dict[str, Any], body: Any
) -> list[str]:
    whole = {**schema, "definitions": _closed_definitions(operation.model)}
    validator = Draft7Validator(whole, format_checker=FORMATS)
    return [_describe(error) for error in validator.iter_errors(body)]


@cache
def _closed_definitions(model: str) -> dict[str, Any]:
    """Return a model's definitions, refusing properties that it does not name."""
    definitions = deepcopy(_model(model)["definitions"])
    for definition in definitions.values():
        _close(definition)
    closed: dict[str, Any] = definitions
    return closed


def _close(schema: Any) -> None:
    if isinstance(schema, list):
        for each in schema:
            _close(each)
    if not isinstance(schema, dict):
        return
    # With allOf each part sees all properties, so neither can be closed.
    if "properties" in schema and "allOf" not in schema:
        schema.setdefault("additionalProperties", False)
    for key, each in schema.items():
        if key not in {"example", "x-amzn-api-sandbox", "enum", "default"}:
            _close(each)


def _describe(error: Any) -> str:
    place = "/".join(str(part) for part in error.absolute_path)
    return f"{place or 'body'}: {error.message[:200]}"
