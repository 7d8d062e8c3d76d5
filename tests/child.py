"""Calls one function in a process of its own, when the parent says go."""

from __future__ import annotations

import json
import sys
from importlib import import_module

import django


def main(function: str, arguments: str, number: str) -> None:
    """Call `function` ("package.module:name") and write its result as JSON."""
    django.setup()
    module, _, name = function.partition(":")
    target = getattr(import_module(module), name)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    result = target(*json.loads(arguments), int(number))
    sys.stdout.write(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
