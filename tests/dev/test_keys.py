"""Tests of the keys that an installation gets once."""

import stat
from pathlib import Path

import pytest

from dev.keys import ensure, read


@pytest.fixture(autouse=True)
def without_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SECRET_KEY", "FERNET_KEYS"):
        monkeypatch.delenv(name, raising=False)


def test_keys_are_made_once_for_their_owner_only(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    assert ensure(path) == ["SECRET_KEY", "FERNET_KEYS"]
    first = read(path)
    assert ensure(path) == []
    assert read(path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_key_that_is_there_stays(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("# mine\nFERNET_KEYS=mine\n", encoding="utf-8")
    assert ensure(path) == ["SECRET_KEY"]
    assert read(path)["FERNET_KEYS"] == "mine"


def test_key_from_a_file_is_not_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY_FILE", "/run/secret")
    assert ensure(tmp_path / ".env") == ["FERNET_KEYS"]


def test_copy_of_the_example_gets_keys_that_count(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    example = Path(__file__).resolve().parents[2] / ".env.example"
    path.write_bytes(example.read_bytes())
    path.chmod(0o644)
    assert ensure(path) == ["SECRET_KEY", "FERNET_KEYS"]
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if line.startswith("SECRET_KEY=")]) == 1
    assert len(read(path)["FERNET_KEYS"]) > 32
    assert "# -- Logs" in path.read_text(encoding="utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
