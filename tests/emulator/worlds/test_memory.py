"""Connections that outlive a restart of the emulator."""

from __future__ import annotations

from pathlib import Path

import pytest

from channels_amazon.emulator.server import Emulator
from channels_amazon.emulator.worlds.memory import (
    dump_connections,
    load_connections,
    write_connections,
)
from tests.emulator.accounts.scene import ask


def test_connections_survive_a_restart(tmp_path: Path) -> None:
    keep = tmp_path / "deep" / "connections.json"
    first = Emulator()
    token = first.refresh_token("eu")
    write_connections(first.state, keep, "")
    with Emulator() as second:
        load_connections(second.state, keep.read_text(encoding="utf-8"))
        grant = second.state.authorizations[token]
        assert grant == first.state.authorizations[token]
        assert (
            ask(second, grant_type="refresh_token", refresh_token=token).status == 200
        )


def test_a_later_token_differs_from_every_earlier_one() -> None:
    first = Emulator()
    tokens = {first.refresh_token("na") for _ in range(3)}
    second = Emulator()
    load_connections(second.state, dump_connections(first.state))
    assert second.refresh_token("na") not in tokens


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"authorizations": [{}]}'])
def test_another_file_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="."):
        load_connections(Emulator().state, text)


def test_nothing_new_is_not_written_again(tmp_path: Path) -> None:
    keep = tmp_path / "connections.json"
    world = Emulator().state
    written = write_connections(world, keep, "")
    keep.unlink()
    write_connections(world, keep, written)
    assert not keep.exists()
