"""A copy of the database with the same settings, beside the living original."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import AmazonAccount, Listing, SyncJob
from channels_amazon.services.accounts import subscriptions
from channels_amazon.services.installation import guard, presence
from channels_amazon.services.installation.backup import make_backup
from channels_amazon.services.jobs import lifecycle
from channels_amazon.sync.runtime import runner
from channels_amazon.worker.consumer import open_queue
from tests.builders import make_account, make_variant, make_warehouse
from tests.processes import ChildFailed, Processes
from tests.services.installation.scene import other_database
from tests.worker.scene import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

Kind = SyncJob.Kind


def depth() -> int:
    queue = open_queue()
    found = queue.depth()
    queue.close()
    return found.waiting + found.in_flight


def writes(emulator: Emulator) -> list[str]:
    """Return the calls that anybody made to Amazon."""
    return [call.operation for call in emulator.state.requests]


@pytest.fixture
def scene(emulator: Emulator) -> None:
    """Give an original with work to do: a quantity to push and messages to read."""
    account = make_account(emulator=emulator)
    make_warehouse(account.store)
    emulator.control("behaviour", accept_seconds=0)
    assert subscriptions.subscribe(account, actor="test") == ""
    presence.arrive()
    runner.run_kind(account, Kind.LISTINGS)
    listing = Listing.objects.filter(is_mfn=True, is_fba=False)[0]
    make_variant(account.store, sku=listing.seller_sku)
    Listing.objects.filter(pk=listing.pk).update(
        variant=account.store.variants.get(), desired_quantity=77, push_due=True
    )
    lifecycle.ensure_jobs(account)
    emulator.place_orders(3, fulfilled_by="MERCHANT")
    emulator.flush()


def test_copy_sends_nothing_and_eats_no_message_until_it_is_confirmed(
    emulator: Emulator, scene: None, processes: Processes, tmp_path: Path
) -> None:
    make_backup(tmp_path / "backup")
    number = str(AmazonAccount.objects.get().pk)
    before, messages = len(emulator.state.requests), depth()
    assert messages > 0
    with other_database(tmp_path) as address:
        processes.environment["DATABASE_URL"] = address
        told = processes.output(
            processes.command("restore", str(tmp_path / "backup"), "--json")
        )
        assert json.loads(told)["may_work"] is False

        worker = processes.command("worker")
        reader = processes.command("consume_notifications", "--wait", "1")
        with pytest.raises(ChildFailed, match="restored or copied"):
            processes.output(processes.command("sync", number, "stock_push"))
        wait_for(lambda: _standing(processes, "--status") == "elsewhere", 20)
        # Long enough for a worker to start and to do all that is due.
        wait_for(lambda: _has_beaten(processes), 60)

        assert (len(emulator.state.requests), depth()) == (before, messages)

        assert _standing(processes, "--copy") == "copy"
        assert _standing(processes, "--confirm") == "at_home"
        wait_for(lambda: depth() == 0, 60)
        wait_for(lambda: len(emulator.state.requests) > before, 60)
        assert worker.poll() is None
        assert reader.poll() is None


def _standing(processes: Processes, option: str) -> str:
    child = processes.command("installation", option, "--json")
    out, _error = child.communicate(timeout=60)
    return str(json.loads(out)["standing"])


def _has_beaten(processes: Processes) -> bool:
    """Tell whether both processes of the copy have said that they live."""
    child = processes.command(
        "shell",
        "-v0",
        "-c",
        "from channels_amazon.models import Heartbeat as H; import json;"
        "print(json.dumps([[h.kind, h.detail] for h in H.objects.all()]))",
    )
    beats = dict(json.loads(processes.output(child)))
    return "queue" in beats and beats.get("consumer", {}).get("state") == "paused"


def test_original_goes_on(emulator: Emulator, scene: None) -> None:
    assert guard.look().standing == "at_home"
    assert runner.drain() > 0
    assert "patchListingsItem" in writes(emulator)
