"""Asks Amazon, without changing anything, which capabilities are open; services layer.

Amazon has no call that lists an application's roles. Each capability is inferred from
operations that its role opens: Amazon's refusal of the role (403) says missing, another
answer of Amazon's own says open. What is not Amazon's judgement proves neither: a
refused token or path, a web page, an error.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from channels_amazon.models import Permission
from channels_amazon.spapi import operations
from channels_amazon.spapi.apis import (
    catalog,
    fba_inventory,
    fulfillment_outbound_2020,
    orders,
    shipment_confirmation,
    tokens,
)
from channels_amazon.spapi.client import SpApiClient
from channels_amazon.spapi.errors import (
    AccessDenied,
    AuthorizationLost,
    ClientSecretInvalid,
    InvalidRequest,
    LwaRefused,
    LwaUnavailable,
    NetworkError,
    NotFound,
    ServiceUnavailable,
    SpApiError,
)
from channels_amazon.spapi.operations import UNKNOWN_ORDER, UNKNOWN_SKU, Operation

Name = Permission.Name
State = Permission.State

# A product of Amazon's own, in every catalogue or in none: both answers are 200.
ANY_ASIN = "B000000000"
# Of a missing restricted role Amazon may answer 400 instead of 403; its message then
# holds this word.
NO_ACCESS = "access"
# After so many operations in a row that Amazon could not answer the rest is not asked:
# each would take its full timeout while the job holds a worker.
PATIENCE = 2

# Errors after which no other probe can say more.
_MOOT = (
    AuthorizationLost,
    ClientSecretInvalid,
    LwaRefused,
    LwaUnavailable,
    NetworkError,
)


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What one probe said of one capability.

    `marketplace_id` is empty where the answer counts for every site of the account.
    `error` is why nothing is known, None when Amazon answered to the point.
    """

    name: str
    marketplace_id: str
    state: str
    operation: str
    status: int | None = None
    amazon_code: str = ""
    request_id: str = ""
    error: SpApiError | None = None


@dataclass(frozen=True, slots=True)
class _Probe:
    """One question: which capability it is about, and the call that asks."""

    name: str
    operation: Operation
    ask: Callable[[], object]
    marketplace_id: str = ""


def probe(
    client: SpApiClient,
    marketplace_ids: Sequence[str],
    names: Collection[str] = tuple(Name.values),
) -> list[ProbeResult]:
    """Ask about the capabilities `names`; one result for each probe made.

    Orders and shipping are asked about once, catalogue and inventory in each of
    `marketplace_ids`. Raises what makes every answer moot: AuthorizationLost,
    ClientSecretInvalid, LwaRefused, LwaUnavailable, and NetworkError when Amazon can't
    be reached.
    """
    results: list[ProbeResult] = []
    unanswered = 0
    for question in _probes(client, marketplace_ids):
        if question.name not in names:
            continue
        if unanswered < PATIENCE:
            result = _answer_to(question)
        else:
            result = replace(
                results[-1],
                name=question.name,
                marketplace_id=question.marketplace_id,
                operation=question.operation.name,
            )
        is_unanswered = isinstance(result.error, ServiceUnavailable)
        unanswered = unanswered + 1 if is_unanswered else 0
        results.append(result)
    return results


def combined(results: Iterable[ProbeResult], marketplace_id: str) -> list[ProbeResult]:
    """Return one result a capability for this site: missing outweighs unknown.

    A capability is open only where every probe of it said so.
    """
    weights = {State.MISSING: 2, State.UNKNOWN: 1, State.GRANTED: 0}
    worst: dict[str, ProbeResult] = {}
    for result in results:
        if result.marketplace_id not in {"", marketplace_id}:
            continue
        known = worst.get(result.name)
        if known is None or weights[State(result.state)] > weights[State(known.state)]:
            worst[result.name] = result
    return [
        replace(worst[name], marketplace_id=marketplace_id)
        for name in Name.values
        if name in worst
    ]


def is_refused_everywhere(results: Sequence[ProbeResult]) -> bool:
    """Tell whether every probe was refused, even the one that needs no role.

    No missing role does that: the token is not one of this region.
    """
    return bool(results) and all(
        isinstance(result.error, AccessDenied) for result in results
    )


def _probes(client: SpApiClient, marketplace_ids: Sequence[str]) -> Iterable[_Probe]:
    resource = tokens.RestrictedResource("GET", f"/mfn/v0/shipments/{uuid.uuid4()}")
    yield _Probe(
        Name.ORDERS,
        operations.GET_ORDER,
        lambda: orders.get_order(client, UNKNOWN_ORDER, ()),
    )
    yield _Probe(
        Name.ORDERS,
        operations.CONFIRM_SHIPMENT,
        lambda: shipment_confirmation.probe_confirm_shipment(
            client, UNKNOWN_ORDER, next(iter(marketplace_ids), "")
        ),
    )
    yield _Probe(
        Name.SHIPPING,
        operations.CREATE_RESTRICTED_DATA_TOKEN,
        # The token is thrown away unread.
        lambda: tokens.create_restricted_data_token(client, [resource]),
    )
    yield _Probe(
        Name.FULFILLMENT_INVENTORY,
        operations.GET_FULFILLMENT_ORDER,
        lambda: fulfillment_outbound_2020.get_fulfillment_order(client, UNKNOWN_SKU),
    )
    for site in marketplace_ids:
        yield from _probes_of_site(client, site)


def _probes_of_site(client: SpApiClient, site: str) -> Iterable[_Probe]:
    yield _Probe(
        Name.CATALOG_ITEMS,
        operations.SEARCH_CATALOG_ITEMS,
        lambda: catalog.search_catalog_items(
            client, catalog.CatalogSearch(site, (ANY_ASIN,), "ASIN")
        ),
        site,
    )
    yield _Probe(
        Name.FULFILLMENT_INVENTORY,
        operations.GET_INVENTORY_SUMMARIES,
        lambda: fba_inventory.get_inventory_summaries(
            client,
            fba_inventory.InventoryQuery(
                site, details=False, seller_skus=(UNKNOWN_SKU,)
            ),
        ),
        site,
    )


def _answer_to(question: _Probe) -> ProbeResult:
    """Make the call and read the answer; raises what makes every answer moot."""
    try:
        question.ask()
    except _MOOT:
        raise
    except (AccessDenied, InvalidRequest, NotFound) as error:
        return _result(question, _state_of(question, error), error)
    except SpApiError as error:
        return _result(question, State.UNKNOWN, error)
    return ProbeResult(
        name=question.name,
        marketplace_id=question.marketplace_id,
        state=State.GRANTED,
        operation=question.operation.name,
        status=200,
    )


def _state_of(question: _Probe, error: SpApiError) -> str:
    if isinstance(error, AccessDenied):
        return State.MISSING if error.is_about_role else State.UNKNOWN
    if question.name != Name.SHIPPING:
        # It was read and found wrong: the role let it in.
        return State.GRANTED
    return State.MISSING if NO_ACCESS in error.message.lower() else State.UNKNOWN


def _result(question: _Probe, state: str, error: SpApiError) -> ProbeResult:
    return ProbeResult(
        name=question.name,
        marketplace_id=question.marketplace_id,
        state=state,
        operation=question.operation.name,
        status=error.status,
        amazon_code=error.amazon_code,
        request_id=error.request_id,
        error=None if state == State.GRANTED else error,
    )
