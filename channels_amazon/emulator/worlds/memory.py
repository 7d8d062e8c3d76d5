"""Who is connected, kept in a file, so that a restarted emulator knows them; emulator.

Orders and listings are built anew from the seed; grants and subscriptions are what a
connected product would otherwise lose.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from ..model.entities import Authorization, EmulatedDestination, EmulatedSubscription
from ..model.state import World

Json = dict[str, Any]


def dump_connections(world: World) -> str:
    """Return the grants, destinations and subscriptions as JSON text."""
    with world.lock:
        kept = {
            "authorizations": [_grant(g) for g in world.authorizations.values()],
            "destinations": [asdict(d) for d in world.destinations.values()],
            "subscriptions": [asdict(s) for s in world.subscriptions.values()],
        }
    return json.dumps(kept, indent=1, sort_keys=True)


def load_connections(world: World, text: str) -> None:
    """Take over what `dump_connections` wrote; raises ValueError for anything else."""
    try:
        kept: Json = json.loads(text)
        grants = [_read_grant(row) for row in kept["authorizations"]]
        destinations = [EmulatedDestination(**row) for row in kept["destinations"]]
        subscriptions = [EmulatedSubscription(**row) for row in kept["subscriptions"]]
    except (KeyError, TypeError) as error:
        raise ValueError(f"these are no connections: {error}") from error
    with world.lock:
        world.authorizations |= {grant.refresh_token: grant for grant in grants}
        world.destinations |= {row.destination_id: row for row in destinations}
        world.subscriptions |= {row.subscription_id: row for row in subscriptions}
        # A restart with the same seed would issue the same tokens and ids again, which
        # the loaded connections use already: seed with the time as well.
        world.random.seed(f"{world.seed}:{len(text)}:{world.now().isoformat()}")


def write_connections(world: World, path: Path, written: str) -> str:
    """Write the connections to `path` if they are no longer `written`; return them."""
    text = dump_connections(world)
    if text != written:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        fresh.replace(path)
    return text


def _grant(grant: Authorization) -> Json:
    return asdict(grant) | {
        "roles": sorted(grant.roles),
        "granted_at": grant.granted_at.isoformat(),
        "expires_at": grant.expires_at.isoformat(),
    }


def _read_grant(row: Json) -> Authorization:
    return Authorization(
        **row
        | {
            "roles": set(row["roles"]),
            "granted_at": datetime.fromisoformat(row["granted_at"]),
            "expires_at": datetime.fromisoformat(row["expires_at"]),
        }
    )
