"""The faults of the catalogue that can be made together, each with how it is made."""

from __future__ import annotations

from django_q.models import Schedule

from channels_amazon.models import ClientSecret, Heartbeat, Order, Store, SyncJob
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.jobs.status import FAILING_AFTER
from tests.builders import make_job, make_order
from tests.health.faults import damage_token, hours_ago, seconds_ago
from tests.health.oracle import Fault, Scene
from tests.health.rows import (
    make_below_zero,
    make_calls,
    make_drift,
    make_endpoint,
    make_level,
    make_offer,
    make_old_rates,
    make_ownerless_parcel,
    make_proof,
    make_shipment,
)
from tests.health.stand_in import free_port


def no_road(scene: Scene) -> None:
    """Close the way to Amazon's API and to its token endpoint."""
    place = f"http://127.0.0.1:{free_port()}"
    scene.set(SPAPI_ENDPOINT_NA=place, LWA_TOKEN_URL=f"{place}/token")


def no_name(scene: Scene) -> None:
    """Have nobody know the names of Amazon's hosts."""
    scene.set(
        SPAPI_ENDPOINT_NA="https://amazon.invalid",
        LWA_TOKEN_URL="https://login.invalid/token",
    )


def amazon_fails(scene: Scene) -> None:
    """Have Amazon's operations answer 500."""
    for name in ("getOrder", "confirmShipment", "searchCatalogItems"):
        scene.emulator.control("faults", match=name, kind="status_500")


def other_region(scene: Scene) -> None:
    """Ask the region that the authorisation was not given in."""
    scene.set(SPAPI_ENDPOINT_NA=scene.settings.SPAPI_ENDPOINT_EU)


def no_broker(scene: Scene) -> None:
    """Take the broker away."""
    address = f"redis://127.0.0.1:{free_port()}/0"
    scene.set(REDIS_URL=address)
    scene.monkeypatch.setattr("django_q.conf.Conf.ORM", None)
    scene.monkeypatch.setattr("django_q.conf.Conf.REDIS", address)


def no_queue_host(scene: Scene) -> None:
    """Take the host of the event queue away."""
    place = f"http://127.0.0.1:{free_port()}"
    scene.set(SQS_QUEUE_URL=f"{place}/123456789012/orders")
    scene.monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", place)


def old_secret(scene: Scene) -> None:
    """Let the client secret be half a year old."""
    ClientSecret.objects.update(since=hours_ago(24 * 170))


def no_reader(scene: Scene) -> None:
    """Let nobody read the event queue."""
    Heartbeat.objects.filter(kind=Process.CONSUMER).delete()


def no_worker(scene: Scene) -> None:
    """Let no worker run."""
    Heartbeat.objects.exclude(kind=Process.CONSUMER).delete()


FAULTS = (
    Fault(
        code="network.connect",
        level="error",
        place="road",
        make=no_road,
        breaks=("road",),
        changes="address",
    ),
    Fault(
        code="network.dns",
        level="error",
        place="road",
        make=no_name,
        breaks=("road", "name"),
        changes="address",
    ),
    Fault(
        code="client.secret_invalid",
        level="error",
        place="secret",
        make=lambda scene: scene.set(LWA_CLIENT_SECRET="wrong-secret"),
        breaks=("secret",),
        needs=("login",),
        changes="login",
    ),
    Fault(
        code="token.undecryptable",
        level="error",
        place="authorisation",
        make=lambda scene: damage_token(),
        breaks=("authorisation",),
        changes="login",
    ),
    Fault(
        code="token.revoked",
        level="error",
        place="authorisation",
        make=lambda scene: scene.emulator.control("revoke", region="na"),
        breaks=("authorisation",),
        needs=("login", "secret"),
        changes="login",
    ),
    Fault(
        code="lwa.outage",
        level="error",
        place="login",
        make=lambda scene: scene.emulator.control(
            "faults", match="lwa.token", kind="status_503"
        ),
        breaks=("login",),
        needs=("road", "authorisation"),
        changes="login",
    ),
    Fault(
        code="account.wrong_region",
        level="error",
        place="region",
        make=other_region,
        breaks=("region",),
        needs=("token", "api"),
        changes="address",
    ),
    Fault(
        code="amazon.outage",
        level="error",
        place="api",
        make=amazon_fails,
        breaks=("api",),
        needs=("road", "token"),
        changes="answers",
    ),
    Fault(
        code="account.individual_plan",
        level="error",
        place="plan",
        make=lambda scene: scene.change(selling_plan="INDIVIDUAL"),
        breaks=("roles",),
    ),
    Fault(
        code="store.plan",
        level="error",
        place="store plan",
        make=lambda scene: Store.objects.update(plan=Store.Plan.BASIC),
    ),
    Fault(
        code="token.expiring",
        level="warning",
        place="year",
        make=lambda scene: scene.change(authorized_at=hours_ago(24 * 340)),
        # Whoever has to authorise anew for another reason gets a new year by it.
        needs=("authorisation",),
    ),
    Fault(
        code="client.secret_expiring",
        level="warning",
        place="leaf",
        make=old_secret,
        needs=("secret",),
    ),
    Fault(
        code="clock.not_utc",
        level="error",
        place="clock",
        make=lambda scene: scene.set(TIME_ZONE="Asia/Shanghai"),
    ),
    Fault(
        code="permission.orders_missing",
        level="error",
        place="orders role",
        make=lambda scene: scene.emulator.control(
            "roles",
            remove=["Inventory and Order Tracking", "Direct-to-Consumer Shipping"],
        ),
        breaks=("orders role",),
        needs=("roles", "api"),
        changes="answers",
    ),
    Fault(
        code="permission.catalog_items_missing",
        level="error",
        place="role",
        make=lambda scene: scene.emulator.control("roles", remove=["Product Listing"]),
        needs=("roles", "api"),
        changes="answers",
    ),
    Fault(
        code="queue.broker_unreachable",
        level="error",
        place="broker",
        make=no_broker,
        breaks=("broker",),
    ),
    Fault(
        code="queue.no_worker",
        level="error",
        place="worker",
        make=no_worker,
        breaks=("worker",),
        needs=("broker",),
    ),
    Fault(
        code="queue.schedule_missing",
        level="warning",
        place="schedule",
        make=lambda scene: Schedule.objects.all().delete(),
        needs=("worker",),
    ),
    Fault(
        code="queue.backlog",
        level="error",
        place="work in time",
        make=lambda scene: make_job(scene.account, due_at=seconds_ago(1000)),
        breaks=("work in time",),
        needs=("worker", "road", "login", "api", "quota"),
    ),
    Fault(
        code="quota.starved",
        level="warning",
        place="quota",
        make=lambda scene: make_calls(scene.account, 6, 40),
        breaks=("quota",),
        needs=("road",),
    ),
    Fault(
        code="job.failing",
        level="warning",
        place="leaf",
        make=lambda scene: make_job(
            scene.account,
            kind=SyncJob.Kind.FBA_STOCK,
            due_at=hours_ago(-1),
            attempts=FAILING_AFTER,
        ),
    ),
    Fault(
        code="notifications.not_configured",
        level="warning",
        place="queue settings",
        make=lambda scene: scene.set(SQS_QUEUE_URL="", SQS_QUEUE_ARN=""),
        breaks=("queue settings",),
        changes="queue",
    ),
    Fault(
        code="notifications.credentials",
        level="error",
        place="queue",
        make=lambda scene: scene.set(
            SQS_QUEUE_URL=f"{scene.settings.SQS_QUEUE_URL}-of-nobody"
        ),
        breaks=("queue",),
        changes="queue",
    ),
    Fault(
        code="notifications.unreachable",
        level="error",
        place="queue",
        make=no_queue_host,
        breaks=("queue",),
        changes="queue",
    ),
    Fault(
        code="notifications.subscription_missing",
        level="warning",
        place="subscription",
        make=lambda scene: scene.change(subscription_id="", destination_id=""),
        breaks=("subscription",),
        needs=("authorisation", "secret", "queue settings", "region"),
    ),
    Fault(
        code="notifications.consumer_down",
        level="error",
        place="reader",
        make=no_reader,
        breaks=("reader",),
        needs=("queue", "subscription"),
        changes="queue",
    ),
    Fault(
        code="stock.ledger",
        level="error",
        place="ledger",
        make=lambda scene: make_level(scene.account, 5, reserved=2),
        breaks=("ledger",),
    ),
    Fault(
        code="stock.below_zero",
        level="warning",
        place="stock",
        make=lambda scene: make_below_zero(scene.account),
        breaks=("stock",),
        needs=("ledger",),
    ),
    Fault(
        code="stock.drift",
        level="error",
        place="leaf",
        make=lambda scene: make_drift(scene.account),
    ),
    Fault(
        code="stock.oversold",
        level="error",
        place="leaf",
        make=lambda scene: make_order(
            scene.account, has_shortage=True, completed_at=None
        ),
        needs=("stock", "ledger"),
    ),
    Fault(
        code="orders.set_aside",
        level="warning",
        place="what came",
        make=lambda scene: make_ownerless_parcel(scene.account, 2),
        breaks=("what came",),
    ),
    Fault(
        code="orders.gap",
        level="warning",
        place="all came",
        make=lambda scene: make_proof(scene.account),
        needs=(
            *("road", "login", "api", "authorisation", "secret", "region"),
            *("roles", "orders role", "role", "worker", "schedule", "work in time"),
            *("quota", "queue settings", "queue", "subscription", "reader"),
        ),
    ),
    Fault(
        code="orders.ship_late",
        level="error",
        place="leaf",
        make=lambda scene: make_order(
            scene.account, ship_by=hours_ago(1), completed_at=None
        ),
        needs=(
            *("road", "login", "api", "authorisation", "secret", "region"),
            *("orders role", "worker", "work in time", "quota", "what came"),
        ),
    ),
    Fault(
        code="orders.unmatched_sku",
        level="warning",
        place="leaf",
        make=lambda scene: make_order(
            scene.account, has_unmatched=True, status=Order.Status.PENDING
        ),
    ),
    Fault(
        code="shipment.not_shown",
        level="warning",
        place="leaf",
        make=lambda scene: make_shipment(scene.account),
        needs=("authorisation", "secret", "region"),
    ),
    Fault(
        code="webhook.failing",
        level="warning",
        place="leaf",
        make=lambda scene: make_endpoint(scene.account),
    ),
    Fault(
        code="price.rates_stale",
        level="warning",
        place="leaf",
        make=lambda scene: make_old_rates(scene.account),
        needs=("worker", "schedule", "name"),
    ),
    Fault(
        code="listing.issues",
        level="warning",
        place="leaf",
        make=lambda scene: make_offer(scene.account, severity="ERROR"),
    ),
)
