"""The processes of a running copy that may be killed, by their part."""

from __future__ import annotations

from pathlib import Path

from tests.whole.installation import Installation

WORKER_GUARD = "worker's guard"
SUPERVISOR = "supervisor"
CLUSTER_PARENT = "cluster's parent"
CLUSTER_CHILD = "cluster's child"
CONSUMER_GUARD = "consumer's guard"
CONSUMER = "consumer"
WEB_CHILD = "web's child"
PARTS = (
    WORKER_GUARD,
    SUPERVISOR,
    CLUSTER_PARENT,
    CLUSTER_CHILD,
    CONSUMER_GUARD,
    CONSUMER,
    WEB_CHILD,
)


def victims(product: Installation) -> dict[str, list[int]]:
    """Return the living processes of each part, those that stand in for none apart.

    What stands for systemd (`dev.keep`, the web's parent) and the local Amazon are no
    part of the product that is to heal.
    """
    lines = product.processes()
    web = {pid for pid, line in lines.items() if "gunicorn" in line}
    found: dict[str, list[int]] = {}
    for pid, line in sorted(lines.items()):
        part = _part(pid, line, web)
        if part:
            found.setdefault(part, []).append(pid)
    return found


def _part(pid: int, line: str, web: set[int]) -> str:
    parent, group = _family(pid)
    if pid in web:
        return WEB_CHILD if parent in web else ""
    if "dev.keep" in line:
        return ""
    if "--cluster" in line:
        return CLUSTER_PARENT if group == pid else CLUSTER_CHILD
    is_guard = "process_guard.py" in line
    if "manage.py worker" in line:
        return WORKER_GUARD if is_guard else SUPERVISOR
    if "manage.py consume_notifications" in line:
        return CONSUMER_GUARD if is_guard else CONSUMER
    return ""


def _family(pid: int) -> tuple[int, int]:
    """Return the process's parent and group, zeros when it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0, 0
    _state, parent, group = stat.rpartition(")")[2].split()[:3]
    return int(parent), int(group)
