"""The pages of the health check: asked for, watched, read, taken along."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from channels_amazon.health import automatic
from channels_amazon.health.registry import all_checks
from channels_amazon.models import AmazonAccount, HealthFinding, HealthReport
from tests.builders import make_account
from tests.health.rows import make_ownerless_parcel
from tests.health.rows import make_report as make_unread_rows
from tests.health.stand_in import free_port
from tests.views.scene import (
    SIDE_BAR,
    World,
    make_quarantined,
    make_world,
    signed_in,
)

pytestmark = pytest.mark.django_db

POLL = 'hx-trigger="every 1s"'


def make_report(account: AmazonAccount, *faults: str, **over: Any) -> HealthReport:
    """Make a finished report with an error for each code; the first is the cause."""
    fields: dict[str, Any] = {"state": "done", "status": "error" if faults else "ok"}
    report: HealthReport = HealthReport.objects.create(account=account, **fields | over)
    for position, code in enumerate(faults, start=1):
        HealthFinding.objects.create(
            report=report,
            position=position,
            check_id="token",
            code=code,
            level="error",
            cause=f"What {code} is.",
            fix="Do this.",
            fix_action="amazon-connect" if position == 1 else "",
            evidence={"request_id": "req-1", "steps": ["one", "two"]},
            consequence_of="" if position == 1 else faults[0],
        )
    return report


def shown(world: World, report: HealthReport, **headers: str) -> str:
    """Return the page of the report as the owner sees it."""
    address = reverse("amazon-health-report", args=[report.pk])
    response = signed_in(world.owner).get(address, headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def test_index_leads_to_newest_report_else_to_where_one_is_run() -> None:
    world = make_world()
    client = signed_in(world.owner)
    other = make_account(world.store)
    client.get(reverse("amazon-status", args=[other.pk]))
    before = client.get(reverse("amazon-health-index"))
    report = make_report(other)

    after = client.get(reverse("amazon-health-index"))

    assert before["Location"] == reverse("amazon-status", args=[other.pk])
    assert after["Location"] == reverse("amazon-health-report", args=[report.pk])


def test_index_leads_to_accounts_while_there_are_none() -> None:
    world = make_world()
    AmazonAccount.objects.all().delete()
    response = signed_in(world.owner).get(reverse("amazon-health-index"))
    assert response["Location"] == reverse("amazon-account-list")


def test_line_of_a_check_that_warns_says_why() -> None:
    world = make_world()
    report = make_report(world.account, "a.b", progress={"token": {"state": "warning"}})

    steps = shown(world, report).split('<ol class="sl-steps">', 1)[1]

    assert "What a.b is." in steps


@pytest.mark.parametrize(
    ("count", "more"),
    [(3, ""), (4, "and 1 more finding"), (9, "and 6 more findings")],
)
def test_line_of_a_check_with_many_findings_says_the_first(
    count: int, more: str
) -> None:
    world = make_world()
    faults = [f"a.b{number}" for number in range(count)]
    report = make_report(world.account, *faults)

    steps = shown(world, report).split('<ol class="sl-steps">', 1)[1]

    assert "What a.b0 is.<br>What a.b1 is.<br>What a.b2 is." in steps
    assert "What a.b3 is." not in steps
    assert more in steps
    assert ("more finding" in steps) == bool(more)


def test_run_makes_a_report_and_leads_to_it() -> None:
    world = make_world()
    address = reverse("amazon-health-run", args=[world.account.pk])
    response = signed_in(world.owner).post(address)
    report = HealthReport.objects.get(state="waiting")
    assert response["Location"] == reverse("amazon-health-report", args=[report.pk])


def test_run_twice_makes_one_report() -> None:
    world = make_world()
    client = signed_in(world.owner)
    for _ in range(2):
        client.post(reverse("amazon-health-run", args=[world.account.pk]))
    assert HealthReport.objects.filter(state="waiting").count() == 1


def test_page_of_a_running_report_asks_again() -> None:
    world = make_world()
    progress = {"token": {"state": "ok"}, "network": {"state": "running"}}
    report = make_report(
        world.account, state="running", started_at=timezone.now(), progress=progress
    )
    page = shown(world, report, **{"HX-Request": "true"})
    assert POLL in page
    assert "1 of " in page


def test_page_of_a_finished_report_does_not_ask_again() -> None:
    world = make_world()
    assert POLL not in shown(world, world.report)


def test_page_shows_cause_fix_and_consequence() -> None:
    world = make_world()
    page = shown(world, make_report(world.account, "token.revoked", "job.failing"))
    assert "1 fault was found." in page
    assert page.index("token.revoked") < page.index("job.failing")
    assert reverse("amazon-connect") + f"?account={world.account.pk}" in page


def test_page_says_that_no_worker_took_the_report() -> None:
    world = make_world()
    report = make_report(world.account, state="waiting")
    HealthReport.objects.filter(pk=report.pk).update(
        created_at=timezone.now() - timedelta(seconds=20)
    )
    page = shown(world, report)
    headline = re.findall(r'class="sl-strong">([^<]*)<', page)[0]
    assert headline == "No worker runs: nobody has taken the health check."
    assert "<code>queue.no_worker</code>" in page
    assert "manage.py worker" in page


def test_comparison_says_what_it_is_before_its_code() -> None:
    world = make_world()
    make_report(world.account, "clock.skewed", "store.plan")
    page = shown(world, make_report(world.account, "store.plan", "token.revoked"))
    compared = page[page.index('id="health-comparison"') :]

    for code in ("clock.skewed", "store.plan", "token.revoked"):
        said, shown_code = compared.index(f"What {code} is."), f">{code}</code>"
        assert said < compared.index(shown_code)


def test_page_says_that_its_process_has_gone() -> None:
    world = make_world()
    started = timezone.now() - timedelta(minutes=5)
    page = shown(world, make_report(world.account, state="running", started_at=started))
    assert "has gone" in page
    assert POLL not in page


def test_page_compares_with_the_report_before() -> None:
    world = make_world()
    make_report(world.account, "clock.skewed", "store.plan")
    page = shown(world, make_report(world.account, "store.plan", "token.revoked"))
    new, gone = page.index("New</h3>"), page.index("Gone</h3>")
    assert "token.revoked" in page[new:gone]
    assert "clock.skewed" in page[gone:]


def test_json_holds_findings_in_the_fixed_form() -> None:
    world = make_world()
    report = make_report(world.account, "token.revoked")
    address = reverse("amazon-health-download", args=[report.pk, "json"])
    told = signed_in(world.owner).get(address).json()
    assert (told["account"], told["status"]) == (world.account.pk, "error")
    assert {"check", "code", "level", "cause", "fix", "evidence"} <= set(
        told["findings"][0]
    )


def test_file_stands_alone() -> None:
    world = make_world()
    report = make_report(world.account, "token.revoked", "job.failing")
    address = reverse("amazon-health-download", args=[report.pk, "html"])
    response = signed_in(world.owner).get(address)
    text = response.content.decode()
    assert response["Content-Disposition"].endswith('.html"')
    assert "What job.failing is." in text
    strange = ("<script", "http://", "https://", " src=")
    assert [word for word in strange if word in text] == []


def test_unfinished_report_cannot_be_downloaded() -> None:
    world = make_world()
    report = make_report(world.account, state="running", started_at=timezone.now())
    address = reverse("amazon-health-download", args=[report.pk, "json"])
    assert signed_in(world.owner).get(address).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_run_while_the_broker_is_down_says_so_at_once(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"redis://:pass-word@127.0.0.1:{free_port()}/0"
    settings.REDIS_URL = address
    monkeypatch.setattr("django_q.conf.Conf.ORM", None)
    monkeypatch.setattr("django_q.conf.Conf.REDIS", address)
    world = make_world()
    client = signed_in(world.owner)

    response = client.post(reverse("amazon-health-run", args=[world.account.pk]))
    page = client.get(response["Location"]).content.decode()

    report = HealthReport.objects.order_by("-pk")[0]
    first = report.findings.all()[0]
    assert (report.state, first.code) == ("done", "queue.broker_unreachable")
    assert "cannot be reached" in page
    assert "Not asked this time" in page
    assert "pass-word" not in page


def test_accounts_are_chosen_on_the_page() -> None:
    world = make_world()
    other = make_account(world.store, name="The other one")
    strange = make_account(name="A stranger")
    theirs = make_report(other)
    page = shown(world, world.report)
    index = reverse("amazon-health-index")
    client = signed_in(world.owner)

    assert f"{index}?account={other.pk}" in page
    assert strange.name not in page
    chosen = client.get(index, {"account": str(other.pk)})
    assert chosen["Location"] == reverse("amazon-health-report", args=[theirs.pk])
    foreign = client.get(index, {"account": str(strange.pk)})
    assert foreign.status_code == 404


@pytest.mark.parametrize(
    ("make", "name", "shown_there"),
    [
        (
            lambda account: make_ownerless_parcel(account, 2),
            "amazon-parcel-list",
            "902-0000000-9999999",
        ),
        (make_unread_rows, "amazon-reconciliation-list", "Daily reconciliation"),
        (make_quarantined, "amazon-quarantine-list", "902-"),
    ],
)
def test_button_of_what_was_set_aside_leads_to_it(
    make: Callable[[AmazonAccount], Any], name: str, shown_there: str
) -> None:
    world = make_world()
    account = make_account(world.store)
    make(account)
    automatic.run_light(account, timezone.now(), automatic.Trouble())
    report = account.health_reports.get()
    (finding,) = report.findings.filter(code="orders.set_aside")

    page = shown(world, report)
    (address,) = re.findall(rf'href="({reverse(name)}\?[^"]*)"', page)
    there = signed_in(world.owner).get(unescape(address)).content.decode()

    assert finding.fix_action == name
    assert shown_there in there[there.index("<main") :]


def test_history_shows_the_reports_before_with_one_query_for_all(
    django_assert_max_num_queries: Any,
) -> None:
    world = make_world()
    make_report(world.account, "clock.skewed", is_automatic=True, confirmations=3)
    HealthReport.objects.filter(is_automatic=True).update(confirmed_at=timezone.now())
    for _ in range(25):
        make_report(world.account, "store.plan", "token.revoked")
    with django_assert_max_num_queries(34 + SIDE_BAR):
        page = shown(world, world.report)

    assert page.count("amazon/health/") > 15
    assert "Checks before" in page


def test_faults_are_counted_alike_wherever_they_are() -> None:
    world = make_world()
    make_report(world.account, "token.revoked", "orders.gap")
    page = shown(world, make_report(world.account, "token.revoked", "orders.gap"))

    cells = re.findall(r'data-label="Faults">\s*(\d+)', page)
    assert cells[:2] == ["1", "1"]
    assert "1 fault was found." in page
    assert "each order and each row counts" in page


def test_what_could_not_look_is_not_counted_among_the_well() -> None:
    world = make_world()
    looked = dict.fromkeys((check.id for check in all_checks()), {"state": "ok"})
    whole = make_report(world.account, progress=looked)
    part = make_report(
        world.account,
        progress={
            **looked,
            "token": {"state": "skipped"},
            "quota": {"state": "not_asked"},
        },
    )
    number = len(looked)

    assert f" {number} checks found nothing wrong." in shown(world, whole)
    assert f" {number - 2} checks found nothing wrong." in shown(world, part)


def test_page_says_what_is_still_there() -> None:
    world = make_world()
    make_report(world.account, "store.plan")
    page = shown(world, make_report(world.account, "store.plan"))
    assert "store.plan" in page[page.index("Still there</h3>") :]


def test_page_says_that_a_count_grew() -> None:
    world = make_world()
    pages = []
    for count in (3, 7, 7, 2):
        report = make_report(world.account, "store.plan")
        report.findings.update(evidence={"unmatched_orders": count})
        pages.append(shown(world, report))
    assert "grew from 3 to 7" in pages[1]
    assert "grew" not in pages[2]
    assert "fell from 7 to 2" in pages[3]


def test_row_of_the_report_itself_is_shown_anew_when_it_is_done() -> None:
    world = make_world()
    report = make_report(world.account, state="running", started_at=timezone.now())
    running = shown(world, report, **{"HX-Request": "true"})
    HealthReport.objects.filter(pk=report.pk).update(state="done", status="ok")
    done = shown(world, report, **{"HX-Request": "true"})

    assert 'id="health-before"' not in running
    before = done[done.index('id="health-before"') :]
    assert 'hx-swap-oob="true"' in before[:200]
    assert "Running" not in before
    assert "hx-swap-oob" not in shown(world, report)


def test_what_could_not_be_looked_at_has_not_gone() -> None:
    world = make_world()
    make_report(world.account, "clock.skewed")
    blind = make_report(
        world.account, "store.plan", progress={"token": {"state": "skipped"}}
    )
    page = shown(world, blind)
    assert "Gone</h3>" not in page
