"""From an HTTP request to its answer: routing, gate, operation, records; emulator."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from werkzeug.wrappers import Request, Response

from . import gate
from .accounts import consent, lwa
from .control import routes
from .model.faults import Fault, FaultKind
from .model.places import REGIONS
from .model.state import CallCount, RequestRecord, World
from .operations.routes import find_route
from .protocol.calling import ApiReply, Call, Caller, Refusal, Route, denied
from .rates import serving as rates
from .reports import documents

TOKEN_PATH = "/auth/o2/token"  # noqa: S105
LWA_OPERATION = "lwa.token"
RATES_OPERATION = "ecb.rates"
UNKNOWN = "unknown"
# Bytes of a request.
LARGEST_BODY = 10 * 1024 * 1024
HTML_503 = (
    "<html><head><title>503 Service Temporarily Unavailable</title></head>"
    "<body><center><h1>503 Service Temporarily Unavailable</h1></center></body></html>"
)


Handle = Callable[[World, Request], Response]


class Disconnect(Exception):
    """The connection is to be closed without an answer."""


class CutResponse(Response):
    """An answer of which only the first half of the body is sent."""


class DripResponse(Response):
    """An answer of whose body a byte is sent each time `pause` seconds have passed."""

    pause: float = 1.0


@dataclass
class ServedRequest:
    """What is known of a request so far, for `_record`."""

    operation: str = UNKNOWN
    caller: Caller | None = None


def respond(world: World, request: Request) -> Response:
    """Answer any request; raises Disconnect where a fault drops the connection."""
    world.run_due()
    path = request.path
    if path.startswith("/_emulator"):
        return routes.handle(world, request)
    if path.startswith("/sellercentral/"):
        return consent.handle(world, request)
    if path == TOKEN_PATH:
        return _serve_outside_gate(world, request, LWA_OPERATION, lwa.handle)
    if path == rates.PATH:
        return _serve_outside_gate(world, request, RATES_OPERATION, rates.handle)
    stored = documents.operation_of(request)
    if stored is not None:
        return _serve_outside_gate(world, request, stored, documents.handle)
    return _spapi(world, request)


def _serve_outside_gate(
    world: World, request: Request, name: str, handle: Handle
) -> Response:
    """Answer what takes no token and has no quota; faults apply all the same.

    LWA, the store of documents, and the bank's rates.
    """
    served = ServedRequest(name)
    with world.lock:
        fault = world.faults.strike(name)
    _fault_before(fault)
    response = _fault_response(world, fault) or handle(world, request)
    with world.lock:
        _record(world, request, served, response.status_code)
    return _fault_after(fault, response)


def _spapi(world: World, request: Request) -> Response:
    region, segments = split_path(request)
    found = find_route(request.method, segments)
    operation = found[0].operation if found else UNKNOWN
    with world.lock:
        fault = world.faults.strike(operation)
    _fault_before(fault)
    with world.lock:
        served = ServedRequest(operation)
        response = _fault_response(world, fault)
        if response is None:
            response = _serve(world, request, region, segments, served)
        _record(world, request, served, response.status_code)
    return _fault_after(fault, response)


def _serve(
    world: World,
    request: Request,
    region: str | None,
    segments: list[str],
    served: ServedRequest,
) -> Response:
    found = find_route(request.method, segments)
    limit: str | None = None
    try:
        if found is None:
            raise gate.unknown_path()
        route, parameters = found
        token = request.headers.get("x-amz-access-token", "")
        caller = gate.identify(world, route, token, region, "/" + "/".join(segments))
        served.caller = caller
        gate.check_role(route, caller)
        bucket = gate.take_token(world, route, caller)
        limit = world.buckets.rate_text(bucket, speed=world.clock.speed)
        answer = _call(world, request, route, parameters, caller)
    except Refusal as refusal:
        response = _refuse(world, refusal)
        status = refusal.status
    else:
        text = None if answer.body is None else _text(answer.body)
        response = _response(world, answer.status, text)
        status = answer.status
    # Amazon's models declare the header for 2xx, 400 and 404 only.
    if limit is not None and (status < 300 or status in {400, 404}):
        response.headers["x-amzn-RateLimit-Limit"] = limit
    return response


def _call(
    world: World,
    request: Request,
    route: Route,
    parameters: dict[str, str],
    caller: Caller,
) -> ApiReply:
    data = request.get_data()
    if len(data) > LARGEST_BODY:
        raise Refusal(413, "RequestTooLarge", "The request is too large.")
    return route.handler(
        Call(
            world=world,
            caller=caller,
            path=parameters,
            query=request.args.to_dict(flat=False),
            content_type=request.headers.get("Content-Type", ""),
            data=data,
            host_url=request.host_url,
        )
    )


def split_path(request: Request) -> tuple[str | None, list[str]]:
    """Return the region prefix, if any, and the path's segments, each unquoted.

    The raw path counts: a SKU may hold an encoded slash.
    """
    raw = str(request.environ.get("RAW_URI") or request.path).split("?", 1)[0]
    segments = [unquote(part) for part in raw.strip("/").split("/")]
    if segments[0] in REGIONS:
        return segments[0], segments[1:]
    return None, segments


def _fault_before(fault: Fault | None) -> None:
    """Wait (real seconds) or drop the connection before the operation takes effect."""
    if fault is None:
        return
    if fault.kind in {FaultKind.TIMEOUT, FaultKind.SLOW}:
        time.sleep(fault.seconds)
    if fault.kind in {FaultKind.TIMEOUT, FaultKind.CLOSE}:
        raise Disconnect


def _fault_response(world: World, fault: Fault | None) -> Response | None:
    """Return the response that a fault gives instead of the operation's, or None."""
    kind = fault.kind if fault else ""
    if kind == FaultKind.HTML_503:
        response = _response(world, 503, HTML_503)
        response.content_type = "text/html"
        return response
    if kind == FaultKind.NOT_JSON:
        return _response(world, 200, "<<this is not JSON>>")
    refusals: dict[str, Refusal] = {
        FaultKind.STATUS_500: Refusal(
            500, "InternalFailure", "We encountered an error."
        ),
        FaultKind.STATUS_503: Refusal(
            503, "ServiceUnavailable", "Service is unavailable."
        ),
        FaultKind.FORBIDDEN: denied(),
        FaultKind.THROTTLE: gate.exhausted(),
    }
    return _refuse(world, refusals[kind]) if kind in refusals else None


def _fault_after(fault: Fault | None, response: Response) -> Response:
    kind = fault.kind if fault else ""
    if kind == FaultKind.LOST_ANSWER:
        raise Disconnect
    if kind == FaultKind.CUT_BODY:
        return CutResponse(response.get_data(), response.status, response.headers)
    if fault is not None and kind == FaultKind.DRIP:
        slow = DripResponse(response.get_data(), response.status, response.headers)
        slow.pause = fault.seconds
        return slow
    return response


def _refuse(world: World, refusal: Refusal) -> Response:
    response = _response(world, refusal.status, _text(refusal.body))
    if refusal.status == 429:
        response.headers["x-amzn-ErrorType"] = "TooManyRequestsException"
    return response


def _text(body: object) -> str:
    return json.dumps(body, ensure_ascii=False)


def _response(world: World, status: int, text: str | None) -> Response:
    response = Response(text or "", status, content_type="application/json")
    if text is None:
        del response.headers["Content-Type"]
    response.headers["x-amzn-RequestId"] = world.uuid()
    return response


def _record(world: World, request: Request, served: ServedRequest, status: int) -> None:
    count = world.calls.setdefault(served.operation, CallCount())
    count.calls += 1
    count.throttled += status == 429
    count.statuses[status] = count.statuses.get(status, 0) + 1
    seller = served.caller.seller if served.caller else None
    world.requests.append(
        RequestRecord(
            at=world.now(),
            operation=served.operation,
            method=request.method,
            path=str(request.environ.get("RAW_URI", request.path)).split("?", 1)[0],
            query=request.query_string.decode("latin-1"),
            status=status,
            seller_id=seller.seller_id if seller else None,
        )
    )
