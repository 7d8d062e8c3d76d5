"""Requests with the answers Amazon would give, and their judging by its models."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tests.fidelity.amazon_models import faults_of, headers_declared, request_faults
from tests.fidelity.scene import Reply, Scene


@dataclass(frozen=True)
class Case:
    """One request and the status that Amazon would answer."""

    status: int
    method: str
    path: str
    params: dict[str, str] = field(default_factory=dict)
    body: Any = None
    caller: str = "na"


def judge(scene: Scene, case: Case, reply: Reply) -> list[str]:
    """Return what Amazon's model forbids in the answer to a case."""
    path = quote(scene.fill(case.path), safe="/%")
    return faults_of(case.method, path, reply.status, reply.body)


def ask(scene: Scene, case: Case) -> Reply:
    """Send the request of a case."""
    return scene.ask(
        case.method,
        case.path,
        params=case.params,
        body=case.body,
        caller=case.caller,
    )


def assert_follows_the_model(scene: Scene, case: Case) -> Reply:
    """Assert status and body of the answer, and the request's body where accepted."""
    reply = ask(scene, case)
    assert reply.status == case.status, reply.body
    assert judge(scene, case, reply) == []
    if case.status < 300 and case.body is not None:
        path = quote(scene.fill(case.path), safe="/%")
        assert request_faults(case.method, path, scene.fill(case.body)) == []
    return reply


def assert_has_the_declared_headers(scene: Scene, case: Case) -> None:
    """Assert that the answer has a request id, and the rate where Amazon gives it."""
    reply = ask(scene, case)
    path = quote(scene.fill(case.path), safe="/%")
    declared = headers_declared(case.method, path, reply.status)
    assert "x-amzn-requestid" in reply.headers
    # In practice refusals at the gate carry no rate, whatever a model declares.
    if "x-amzn-ratelimit-limit" in reply.headers or reply.status in {200, 202, 204}:
        assert "x-amzn-ratelimit-limit" in declared & set(reply.headers)


def example(path: str) -> str:
    """Return a path with every parameter filled by some text."""
    return re.sub(r"\{[^}]+\}", "x", path)
