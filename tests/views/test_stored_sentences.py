"""What a worker wrote in English is read in the reader's language."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from channels_amazon.models import HealthFinding, HealthReport, SyncJob, translated
from channels_amazon.services.diagnostics.entries import Entry, record
from channels_amazon.services.jobs import lifecycle
from channels_amazon.wording import sentence
from tests.builders import make_job
from tests.views.scene import World, make_world, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def client(world: World) -> Client:
    client = signed_in(world.owner)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "zh-hans"
    return client


def kept(world: World) -> None:
    message = sentence(
        "The order %(order)s cannot be read: %(reason)s.",
        order="1-2",
        reason=sentence("the order is not an object"),
    )
    record(
        Entry(
            code="orders.unreadable",
            account=world.account,
            message=message,
            fix=sentence("Look at the order in Seller Central."),
        )
    )


def text_of(response: Any) -> str:
    parts = response.streaming_content if response.streaming else [response.content]
    return b"".join(parts).decode()


def test_log_is_in_the_readers_language(world: World, client: Client) -> None:
    kept(world)

    page = text_of(client.get(reverse("amazon-log-list")))

    assert "无法读取订单 1-2：订单不是对象。" in page
    assert "请在卖家平台查看该订单。" in page


def test_log_stays_english_for_english_readers(world: World, client: Client) -> None:
    kept(world)

    page = text_of(client.get(reverse("amazon-log-list"), HTTP_ACCEPT_LANGUAGE="en"))

    assert "The order 1-2 cannot be read: the order is not an object." in page


def test_export_is_in_the_readers_language(world: World, client: Client) -> None:
    kept(world)

    response = client.get(reverse("amazon-log-export"))
    with translation.override("en"):
        file = text_of(response)

    assert "无法读取订单 1-2：订单不是对象。" in file


def test_stopped_job_is_in_the_readers_language(world: World, client: Client) -> None:
    job = make_job(world.account, kind=SyncJob.Kind.LISTINGS)
    reason = sentence(
        "The quota of %(operation)s is used up for the moment.", operation="getOrder"
    )
    lifecycle.block(job, "quota", reason)

    page = text_of(client.get(reverse("amazon-status", args=[world.account.pk])))

    assert "getOrder 的配额暂时用完。" in page


def test_finding_is_in_the_language_of_its_reader(world: World) -> None:
    report = HealthReport.objects.create(account=world.account, language="en")
    HealthFinding.objects.create(
        report=report,
        position=1,
        check_id="x",
        level="error",
        cause=sentence("The account does not sell in %(sites)s.", sites="US"),
    )

    cause = HealthFinding.objects.get(report=report).cause
    with translation.override("zh-hans"):
        assert translated(cause) == "该账户未在 US 销售。"
    assert cause == "The account does not sell in US."
