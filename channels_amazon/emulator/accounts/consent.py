"""Seller Central's consent and app management pages, both OAuth workflows; emulator."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from ..model.entities import AuthorizationCode, Seller
from ..model.roles import RESTRICTED_ROLES
from ..model.state import World
from ..protocol.rendering import page

# Amazon's authorisation codes live five minutes.
CODE_SECONDS = 300
PATH = re.compile(r"/sellercentral/(?P<region>na|eu|fe)/apps/(?P<rest>.*)\Z")

# Amazon shows these on its own page; no application ever receives them.
ERRORS = {
    "MD1000": "The application is a draft and needs version=beta, or is unknown.",
    "MD5101": "The redirect URI is not one of those registered for the application.",
    "MD5110": "The redirect URI contains the character #.",
    "MD9100": "The application has no redirect URI or no login URI registered.",
    "SPDC8143": "Only the primary user of the account may authorise an application.",
    "CONSENT_LIMIT_REACHED": "The application is not listed and has 25 sellers.",
    "AMAZON_STATE": "The amazon_state does not belong to this account.",
}
# Sellers who may authorise a public application that is not in the Appstore.
UNLISTED_SELLERS = 25


class ConsentError(Exception):
    """Say why Amazon shows an error page; `code` is a key of `ERRORS`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class SellerCentralRequest:
    """A request to a page of Seller Central, with its region and path."""

    world: World
    request: Request
    region: str
    rest: str

    @property
    def base(self) -> str:
        """Return the address of this region's Seller Central."""
        return f"{self.request.host_url}sellercentral/{self.region}"

    def value(self, name: str) -> str:
        """Return a parameter of the form or else of the query, or an empty text."""
        form, query = self.request.form, self.request.args
        return str(form[name] if name in form else query.get(name, ""))

    @property
    def seller(self) -> Seller:
        """Return the account that the browser is signed in to, by default the first."""
        chosen = self.world.sellers.get(self.value("seller_id"))
        if chosen is not None and chosen.region == self.region:
            return chosen
        return self.world.seller_of_region(self.region)


def handle(world: World, request: Request) -> Response:
    """Answer a request below `/sellercentral/<region>/apps/`."""
    found = PATH.search(request.path)
    if found is None:
        return page(request, "not_found.html", 404)
    page_request = SellerCentralRequest(world, request, found["region"], found["rest"])
    with world.lock:
        try:
            return _answer(page_request)
        except ConsentError as error:
            return page(
                request,
                "consent_error.html",
                400,
                code=error.code,
                reason=ERRORS[error.code],
                application=world.application,
                redirect_uri=page_request.value("redirect_uri"),
            )


def _answer(page_request: SellerCentralRequest) -> Response:
    is_post = page_request.request.method == "POST"
    if page_request.rest == "authorize/consent":
        return _submit_consent(page_request) if is_post else _show_consent(page_request)
    if page_request.rest.startswith("authorize/confirm/"):
        return _confirm(
            page_request, page_request.rest.removeprefix("authorize/confirm/")
        )
    if page_request.rest == "manage":
        return _manage(page_request)
    if page_request.rest == "manage/disable" and is_post:
        return _disable(page_request)
    return page(page_request.request, "not_found.html", 404)


def _show_consent(page_request: SellerCentralRequest) -> Response:
    """Show the application and its roles with Approve and Deny."""
    _checked_redirect_uri(page_request, page_request.value("application_id"))
    sellers = [
        seller
        for seller in page_request.world.sellers.values()
        if seller.region == page_request.region
    ]
    fields = ("application_id", "state", "redirect_uri", "version")
    return page(
        page_request.request,
        "consent.html",
        application=page_request.world.application,
        roles=sorted(page_request.world.application.roles),
        restricted=RESTRICTED_ROLES,
        sellers=sellers,
        signed_in=page_request.seller,
        hidden={
            name: page_request.value(name)
            for name in fields
            if name in page_request.request.args
        },
    )


def _submit_consent(page_request: SellerCentralRequest) -> Response:
    """Redirect with a code, or with OAuth's error where the seller denied."""
    target = _checked_redirect_uri(page_request, page_request.value("application_id"))
    if page_request.value("decision") == "approve":
        return _send_code(page_request, page_request.seller, target)
    answer = {
        "error": "access_denied",
        "error_description": "The seller did not authorise the application.",
    }
    return _redirect(target, answer | _state(page_request))


def _confirm(page_request: SellerCentralRequest, application_id: str) -> Response:
    """Finish the Appstore workflow, in which the seller has already consented."""
    target = _checked_redirect_uri(page_request, application_id)
    shown = page_request.value("amazon_state")
    for seller in page_request.world.sellers.values():
        expected = amazon_state(page_request.world, seller)
        if seller.region == page_request.region and hmac.compare_digest(
            shown.encode(), expected.encode()
        ):
            return _send_code(page_request, seller, target)
    raise ConsentError("AMAZON_STATE")


def _manage(page_request: SellerCentralRequest) -> Response:
    """List the application with the buttons of Manage Your Apps."""
    world, seller = page_request.world, page_request.seller
    if not world.application.login_uri:
        login_url = ""
    else:
        query = {
            "amazon_callback_uri": (
                f"{page_request.base}/apps/authorize/confirm/"
                f"{world.application.application_id}"
            ),
            "amazon_state": amazon_state(world, seller),
            "selling_partner_id": seller.seller_id,
        }
        if world.application.is_draft:
            query["version"] = "beta"
        login_url = _with_query(world.application.login_uri, query)
    return page(
        page_request.request,
        "manage.html",
        application=world.application,
        seller=seller,
        authorizations=[
            grant
            for grant in world.authorizations.values()
            if grant.seller_id == seller.seller_id and not grant.revoked
        ],
        login_url=login_url,
        disable_url=f"{page_request.base}/apps/manage/disable",
    )


def _disable(page_request: SellerCentralRequest) -> Response:
    revoke(page_request.world, page_request.seller.seller_id)
    return redirect(f"{page_request.base}/apps/manage", 303)


def revoke(world: World, seller_id: str) -> int:
    """Withdraw every grant of a seller with its tokens; return how many grants."""
    grants = [
        grant
        for grant in world.authorizations.values()
        if grant.seller_id == seller_id and not grant.revoked
    ]
    for grant in grants:
        grant.revoked = True
    tokens = world.access_tokens
    for token in [key for key, value in tokens.items() if value.seller_id == seller_id]:
        del tokens[token]
    return len(grants)


def amazon_state(world: World, seller: Seller) -> str:
    """Return the state Amazon opens the login URI with, the same for one seller."""
    text = f"{world.application.application_id}:{seller.seller_id}"
    return hmac.new(
        str(world.seed).encode(), text.encode(), hashlib.sha256
    ).hexdigest()[:32]


def _checked_redirect_uri(
    page_request: SellerCentralRequest, application_id: str
) -> str:
    """Return the redirect URI to answer to; raises ConsentError."""
    application = page_request.world.application
    is_known = application_id == application.application_id
    if not is_known or (
        application.is_draft and page_request.value("version") != "beta"
    ):
        raise ConsentError("MD1000")
    if not application.redirect_uris:
        raise ConsentError("MD9100")
    target = page_request.value("redirect_uri")
    if "#" in target:
        raise ConsentError("MD5110")
    # Byte for byte: scheme, host, port, path and a trailing slash all count.
    if target and target not in application.redirect_uris:
        raise ConsentError("MD5101")
    if not page_request.world.switches.primary_user:
        raise ConsentError("SPDC8143")
    if _is_limit_reached(page_request.world, page_request.seller):
        raise ConsentError("CONSENT_LIMIT_REACHED")
    return target or application.redirect_uris[0]


def _is_limit_reached(world: World, seller: Seller) -> bool:
    if world.switches.consent_limit:
        return True
    now = world.now()
    sellers = {
        grant.seller_id
        for grant in world.authorizations.values()
        if not grant.revoked and now < grant.expires_at
    } - {seller.seller_id}
    return not world.application.is_listed and len(sellers) >= UNLISTED_SELLERS


def _send_code(
    page_request: SellerCentralRequest, seller: Seller, target: str
) -> Response:
    world = page_request.world
    code = AuthorizationCode(
        code=f"AN{world.token_text(18)}",
        application_id=world.application.application_id,
        seller_id=seller.seller_id,
        redirect_uri=target,
        expires_at=world.now() + timedelta(seconds=CODE_SECONDS),
    )
    world.codes[code.code] = code
    answer = {
        "selling_partner_id": seller.seller_id,
        "spapi_oauth_code": code.code,
    }
    return _redirect(target, _state(page_request) | answer)


def _state(page_request: SellerCentralRequest) -> dict[str, str]:
    state = page_request.value("state")
    return {"state": state} if state else {}


def _redirect(target: str, answer: dict[str, str]) -> Response:
    return redirect(_with_query(target, answer), 302)


def _with_query(url: str, more: dict[str, str]) -> str:
    parts = urlsplit(url)
    query = [*parse_qsl(parts.query, keep_blank_values=True), *more.items()]
    return urlunsplit(parts._replace(query=urlencode(query)))
