"""Tests of the list of operations against Amazon's published models."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from channels_amazon.spapi.operations import OPERATIONS, Operation
from tests.fidelity.amazon_models import models_directory

_PLAN = re.compile(r"\| *([\d.]+) *\| *(\d+) *\|")


def published() -> Iterator[tuple[str, str, str, tuple[float, int] | None]]:
    """Yield verb, path, operation id and usage plan of every published operation."""
    for file in sorted(Path(models_directory(), "models").glob("*.json")):
        model = json.loads(file.read_text())
        for path, item in model["paths"].items():
            for verb, entry in item.items():
                if isinstance(entry, dict) and "operationId" in entry:
                    found = _PLAN.search(entry.get("description", ""))
                    plan = (float(found[1]), int(found[2])) if found else None
                    yield verb.upper(), path, entry["operationId"], plan


@pytest.mark.models
@pytest.mark.usefixtures("spapi_models")
@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda one: one.name)
def test_operation_is_published_with_its_plan(operation: Operation) -> None:
    name = operation.name.rpartition(".")[2]
    plans = [
        plan
        for verb, path, operation_id, plan in published()
        if (verb, path, operation_id) == (operation.method, operation.path, name)
    ]

    assert len(plans) == 1
    assert plans[0] in {None, (operation.rate, operation.burst)}


def test_operations_have_names_of_their_own() -> None:
    names = [operation.name for operation in OPERATIONS.values()]

    assert len(set(names)) == len(names)
    assert not OPERATIONS["createReport"].is_repeatable
    assert not OPERATIONS["outbound.createOrder"].is_repeatable
    assert OPERATIONS["outbound.cancelOrder"].is_repeatable
