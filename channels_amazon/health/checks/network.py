"""Is the way to Amazon open, step by step? health layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from django.utils.translation import gettext_lazy, gettext_noop

from channels_amazon.errors import ShoplinkError
from channels_amazon.health.context import AMAZON, LOGIN, CheckContext
from channels_amazon.health.finding import Finding, evidence_of, well
from channels_amazon.health.registry import Cost, check
from channels_amazon.services.jobs.heartbeats import host_name
from channels_amazon.spapi.errors import CaptivePortal
from channels_amazon.spapi.network_probe import ProbedRoute
from channels_amazon.wording import sentence

CAUSES: dict[str, str] = {
    "captive_portal": gettext_noop(
        "Something answers in Amazon's place at %(host)s: a sign-in page or a proxy."
    ),
    "dns": gettext_noop("The name %(host)s cannot be resolved."),
    "connect": gettext_noop("No connection to %(host)s can be made."),
    "proxy": gettext_noop("The proxy on the way to %(host)s refuses or fails."),
    "tls": gettext_noop("No secure connection to %(host)s can be made."),
    "timeout": gettext_noop("%(host)s takes the connection, but does not answer."),
    "read": gettext_noop("%(host)s ends the connection without an answer."),
}
FIXES: dict[str, str] = {
    "captive_portal": gettext_noop(
        "Open any web page from this server's network and sign in to the network or "
        "proxy, or have it let this host through untouched."
    ),
    "dns": gettext_noop(
        "Check this server's DNS resolver (/etc/resolv.conf) and the spelling of the "
        "address in the settings."
    ),
    "connect": gettext_noop(
        "Allow outgoing TCP connections to this host and port in the firewall, and "
        "check the address in the settings."
    ),
    "proxy": gettext_noop(
        "Check HTTPS_PROXY and NO_PROXY of the worker and the web process, the "
        "proxy's sign-in, and that it lets this host through."
    ),
    "tls": gettext_noop(
        "Check this server's clock, and whether a firewall replaces certificates; if "
        "it must, name its certificate in REQUESTS_CA_BUNDLE."
    ),
    "timeout": gettext_noop(
        "Check whether a firewall or proxy inspects traffic to this host. If the way "
        "is free, Amazon is slow: the jobs go on by themselves."
    ),
    "read": gettext_noop(
        "Check whether a firewall or proxy cuts traffic to this host. If the way is "
        "free, Amazon is at fault: the jobs go on by themselves."
    ),
}


@check(
    "network",
    group="network",
    order=1,
    title=gettext_lazy("Way to Amazon"),
    cost=Cost.CALLS,
)
def run(context: CheckContext) -> list[Finding]:
    """Walk to Amazon's API and to Login with Amazon: name, socket, TLS, HTTP."""
    routes = context.routes()
    by_fault: dict[str, list[ProbedRoute]] = {}
    for route in _ours(routes[AMAZON], routes[LOGIN]):
        if route.broken is not None:
            by_fault.setdefault(route.broken.fault, []).append(route)
    found = [_finding(fault, broken) for fault, broken in by_fault.items()]
    return found or _portals(context) or [_open_way(routes)]


def _open_way(routes: Mapping[str, ProbedRoute]) -> Finding:
    return well(
        sentence("Amazon's API and Login with Amazon can be reached from this server."),
        from_host=host_name(),
        steps=[line for route in routes.values() for line in _lines(route)],
    )


def _ours(amazon: ProbedRoute, login: ProbedRoute) -> Sequence[ProbedRoute]:
    """Leave out a silent token endpoint beside an API that answers: an outage."""
    broken = login.broken
    is_outage = broken is not None and broken.name == "http" and not amazon.broken
    return (amazon,) if is_outage else (amazon, login)


def _portals(context: CheckContext) -> list[Finding]:
    """Ask Amazon something: a way that is open may lead to another than Amazon."""
    asked: list[Callable[[], object]] = [
        context.require_token,
        lambda: _raise(context.sites().error),
        context.probes,
    ]
    found: dict[str, CaptivePortal] = {}
    for ask in asked:
        try:
            ask()
        except CaptivePortal as portal:
            found.setdefault(portal.evidence.host, portal)
        except ShoplinkError:
            # Amazon, or nobody, has answered: other checks say what.
            continue
    return [
        Finding(
            code=error.code,
            cause=sentence(CAUSES[error.step], host=host),
            fix=FIXES[error.step],
            evidence=evidence_of(error)
            | {
                "host": host,
                "from_host": host_name(),
                "content_type": error.evidence.content_type,
            },
        )
        for host, error in found.items()
    ]


def _raise(error: ShoplinkError | None) -> None:
    if error is not None:
        raise error


def _finding(fault: str, routes: Sequence[ProbedRoute]) -> Finding:
    hosts = list(dict.fromkeys(route.host for route in routes))
    return Finding(
        code=f"network.{fault}",
        cause=sentence(CAUSES[fault], host=", ".join(hosts)),
        fix=FIXES[fault],
        evidence={
            "host": ", ".join(hosts),
            "from_host": host_name(),
            "steps": [line for route in routes for line in _lines(route)],
        },
    )


def _lines(route: ProbedRoute) -> list[str]:
    lines = [
        f"{route.host} {step.name}: {'FAILED ' if step.fault else ''}{step.detail} "
        f"({1000 * step.seconds:.0f} ms)"
        for step in route.steps
    ]
    if not route.is_encrypted:
        lines.append(f"{route.host} tls: none, the address begins with http://")
    return lines
