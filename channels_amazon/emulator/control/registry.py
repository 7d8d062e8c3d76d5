"""The list of controls: their names, bodies and words; emulator."""

from __future__ import annotations

from ..model.faults import FaultKind
from ..model.places import REGIONS
from ..model.roles import ALL_ROLES
from ..worlds.builder import WORLD_SIZES
from . import actions as act
from .choices import (
    FAULT_OPERATIONS,
    MARKETPLACES,
    OPERATIONS,
    REGION,
    REGION_NAMES,
    SELLER,
    fixed,
    registered,
    switch,
)
from .feeds import FEED_CONTROLS
from .fields import Control, Field
from .mcf import OUTBOUND_CONTROLS
from .orders import ORDER_CONTROLS
from .rates import RATES_CONTROLS
from .reports import REPORT_CONTROLS

_ALL = (
    *ORDER_CONTROLS,
    *OUTBOUND_CONTROLS,
    *REPORT_CONTROLS,
    *FEED_CONTROLS,
    *RATES_CONTROLS,
    Control(
        "roles",
        "Roles of the application",
        "Removing a role acts at once; a new one only after re-authorisation.",
        (
            Field("add", "names", "Add", [], fixed(*ALL_ROLES), in_form=False),
            Field("remove", "names", "Remove", [], fixed(*ALL_ROLES), in_form=False),
            Field(
                "only",
                "names",
                "Roles",
                None,
                fixed(*ALL_ROLES),
                current=registered(lambda application: application.roles),
            ),
        ),
        act.change_roles,
    ),
    Control(
        "self_authorize",
        "Authorise a private application",
        "The owner of a private application gets a refresh token to paste.",
        (Field("region", "text", "Region", "na", REGION_NAMES), SELLER),
        act.self_authorize,
    ),
    Control(
        "revoke",
        "Revoke the authorisation",
        "The seller withdraws every grant; tokens end at once.",
        (REGION, SELLER),
        act.revoke_grants,
    ),
    Control(
        "expire_tokens",
        "Expire access tokens",
        "Every access token ends now; refresh tokens stay.",
        (),
        act.expire_tokens,
    ),
    Control(
        "rotate_secret",
        "Rotate the client secret",
        "A new secret is made; the old one stays valid for seven days.",
        (),
        act.give_new_secret,
    ),
    Control(
        "marketplaces",
        "Marketplace participation",
        "Change whether the seller trades in a marketplace.",
        (
            REGION,
            Field(
                "marketplace_id",
                "text",
                "Marketplace",
                None,
                MARKETPLACES,
                required=True,
            ),
            Field("participating", "yes_no", "Participating", True),
            Field("suspended", "yes_no", "Has suspended listings", False),
            SELLER,
        ),
        act.change_marketplace,
    ),
    Control(
        "limits",
        "Quota",
        "Set requests a second and burst of an operation, or go back to Amazon's.",
        (
            Field("operation", "text", "Operation", "*", OPERATIONS),
            Field("rate", "number", "Requests a second"),
            Field("burst", "whole", "Burst"),
            Field("region", "text", "Region", "", fixed("", *REGIONS)),
            Field(
                "header",
                "text",
                "Rate that answers tell",
                "new",
                fixed("new", "former", "none"),
            ),
            SELLER,
            Field("reset", "yes_no", "Back to the defaults, full buckets", False),
        ),
        act.change_limits,
    ),
    Control(
        "buckets",
        "Use of the quota",
        "What each bucket granted, refused and might have granted since the mark.",
        (Field("mark", "yes_no", "Begin to count anew", False),),
        act.count_tokens,
    ),
    Control(
        "faults",
        "Faults",
        "Let answers fail; without a count the fault stays until cleared.",
        (
            Field("match", "text", "Operation", "*", FAULT_OPERATIONS),
            Field("kind", "text", "Kind", None, fixed(*FaultKind)),
            Field("count", "whole", "How many times"),
            Field("rate", "number", "Share of requests (0 to 1)", 1.0),
            Field("seconds", "number", "Seconds", 1.0),
            Field("clear", "yes_no", "First clear all faults", False),
        ),
        act.change_faults,
    ),
    Control(
        "notifications",
        "Notifications",
        "How events are delivered; a raw body is published as it is.",
        (
            Field(
                "duplicates",
                "whole",
                "Further copies of each",
                current=switch("duplicates"),
            ),
            Field(
                "duplicate_share",
                "number",
                "Share of events that come twice (0 to 1)",
                current=switch("duplicate_share"),
            ),
            Field("delay", "number", "Delay in seconds", current=switch("delay")),
            Field("reorder", "yes_no", "Out of order", current=switch("reorder")),
            Field(
                "reorder_share",
                "number",
                "Share of events that come late (0 to 1)",
                current=switch("reorder_share"),
            ),
            Field(
                "pending_event",
                "yes_no",
                "Event for pending orders too",
                current=switch("pending_event"),
            ),
            Field("silent", "yes_no", "None at all", current=switch("silent")),
            Field("raw", "any_json", "Raw body"),
        ),
        act.change_notifications,
    ),
    Control(
        "behaviour",
        "Behaviour",
        "How long things take, and who visits the consent page.",
        (
            Field(
                "pending_seconds",
                "number",
                "Orders stay pending (seconds)",
                current=switch("pending_seconds"),
            ),
            Field(
                "accept_seconds",
                "number",
                "Listing changes take (seconds)",
                current=switch("accept_seconds"),
            ),
            Field(
                "package_seconds",
                "number",
                "Parcels show after (seconds)",
                current=switch("package_seconds"),
            ),
            Field(
                "primary_user",
                "yes_no",
                "The visitor is the primary user",
                current=switch("primary_user"),
            ),
            Field(
                "consent_limit",
                "yes_no",
                "The limit of sellers is reached",
                current=switch("consent_limit"),
            ),
        ),
        act.change_behaviour,
    ),
    Control(
        "application",
        "Registration of the application",
        "What the developer registered with Amazon.",
        (
            Field(
                "redirect_uris",
                "names",
                "Redirect URIs",
                current=registered(lambda application: application.redirect_uris),
            ),
            Field(
                "login_uri",
                "text",
                "Login URI",
                current=registered(lambda application: application.login_uri),
            ),
            Field(
                "draft",
                "yes_no",
                "Draft",
                current=registered(lambda application: application.is_draft),
            ),
            Field(
                "listed",
                "yes_no",
                "Listed in the Appstore",
                current=registered(lambda application: application.is_listed),
            ),
        ),
        act.change_application,
    ),
    Control(
        "clock",
        "Clock",
        "Jump forward in time.",
        (Field("advance", "number", "Seconds", 60, required=True),),
        act.advance_clock,
    ),
    Control(
        "reset",
        "Start anew",
        "Build the world again and empty the queues; connected accounts may stay so.",
        (
            Field("world", "text", "World", None, fixed(*WORLD_SIZES), in_form=False),
            Field("seed", "whole", "Seed", in_form=False),
            Field(
                "keep_connections",
                "yes_no",
                "Keep connections",
                False,
                current=lambda _world: True,
            ),
        ),
        act.reset,
    ),
)
CONTROLS: dict[str, Control] = {control.name: control for control in _ALL}
