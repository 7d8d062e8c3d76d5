"""The store of documents, read and written by pre-signed addresses; emulator."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from urllib.parse import quote, urlencode

from werkzeug.wrappers import Request, Response

from ..model.clock import iso
from ..model.entities import EmulatedReportDocument, SignedUrl
from ..model.feeds import EmulatedFeedDocument
from ..model.state import World

# Reports and feeds lie in the same store, under paths of their own.
REPORT_PREFIX = "/documents/"
FEED_PREFIX = "/feed-documents/"
DOWNLOAD_OPERATION = "report.download"
FEED_UPLOAD_OPERATION = "feed.upload"
FEED_DOWNLOAD_OPERATION = "feed.download"
# Amazon's pre-signed URLs are valid for five minutes.
LIFETIME = timedelta(minutes=5)

StoredDocument = EmulatedReportDocument | EmulatedFeedDocument


def sign(
    world: World, document: StoredDocument, host_url: str, content_encoding: str
) -> str:
    """Return an address that opens a document for five minutes."""
    signed = SignedUrl(
        signature=world.random.randbytes(32).hex(),
        document_id=document.document_id,
        expires_at=world.now() + LIFETIME,
        content_encoding=content_encoding,
    )
    return _address(world, signed, _prefix(document), host_url)


def sign_upload(world: World, document: EmulatedFeedDocument, host_url: str) -> str:
    """Return an address to which the document can be put for five minutes."""
    signed = SignedUrl(
        signature=world.random.randbytes(32).hex(),
        document_id=document.document_id,
        expires_at=world.now() + LIFETIME,
        method="PUT",
        content_type=document.content_type,
    )
    return _address(world, signed, FEED_PREFIX, host_url)


def operation_of(request: Request) -> str | None:
    """Return the name under which a request to the store is counted, or None."""
    if request.path.startswith(REPORT_PREFIX):
        return DOWNLOAD_OPERATION
    if request.path.startswith(FEED_PREFIX):
        is_upload = request.method == "PUT"
        return FEED_UPLOAD_OPERATION if is_upload else FEED_DOWNLOAD_OPERATION
    return None


def handle(world: World, request: Request) -> Response:
    """Answer a GET or PUT of a pre-signed address, as the store of objects does."""
    if request.method not in {"GET", "HEAD", "PUT"}:
        return _refuse(405, "MethodNotAllowed", "The method is not allowed here.")
    with world.lock:
        signed = world.signed_urls.get(request.args.get("X-Amz-Signature", ""))
        refusal = _refusal(world, request, signed)
        if refusal is not None or signed is None:
            return refusal or _wrong_signature()
        if request.method == "PUT":
            return _store(world.feed_documents[signed.document_id], request)
        document = _find(world, signed.document_id)
        content = document.content if document else None
    if document is None or content is None:
        return _refuse(404, "NoSuchKey", "The specified key does not exist.")
    response = Response(content, content_type=document.content_type)
    if signed.content_encoding != "identity":
        response.headers["Content-Encoding"] = signed.content_encoding
    return response


def _address(world: World, signed: SignedUrl, prefix: str, host_url: str) -> str:
    world.signed_urls[signed.signature] = signed
    query = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Date": world.now().strftime("%Y%m%dT%H%M%SZ"),
        "X-Amz-SignedHeaders": "content-type;host" if signed.content_type else "host",
        "X-Amz-Expires": int(LIFETIME.total_seconds()),
        "X-Amz-Signature": signed.signature,
    }
    path = prefix + quote(signed.document_id, safe="")
    return f"{host_url.rstrip('/')}{path}?{urlencode(query)}"


def _prefix(document: StoredDocument) -> str:
    is_of_feed = isinstance(document, EmulatedFeedDocument)
    return FEED_PREFIX if is_of_feed else REPORT_PREFIX


def _find(world: World, document_id: str) -> StoredDocument | None:
    of_feed = world.feed_documents.get(document_id)
    return of_feed or world.report_documents.get(document_id)


def _refusal(
    world: World, request: Request, signed: SignedUrl | None
) -> Response | None:
    """Return why the store refuses the request, or None."""
    method = "GET" if request.method == "HEAD" else request.method
    document_id = request.path.rpartition("/")[2]
    told = request.headers.get("Content-Type", "") if method == "PUT" else ""
    if signed is None or (signed.document_id, signed.method, signed.content_type) != (
        document_id,
        method,
        told,
    ):
        return _wrong_signature()
    now = world.now()
    if now >= signed.expires_at:
        expires, server_time = iso(signed.expires_at), iso(now)
        return _refuse(
            403,
            "AccessDenied",
            "Request has expired",
            f"<Expires>{expires}</Expires><ServerTime>{server_time}</ServerTime>",
        )
    # The store refuses headers of its own kind that the signature does not cover.
    unsigned = [name for name in request.headers.keys() if _is_of_amazon(name)]
    if unsigned:
        message = "There were headers present in the request which were not signed"
        more = f"<HeadersNotSigned>{', '.join(unsigned)}</HeadersNotSigned>"
        return _refuse(403, "AccessDenied", message, more)
    return None


def _is_of_amazon(name: str) -> bool:
    return name.lower().startswith("x-amz-")


def _store(document: EmulatedFeedDocument, request: Request) -> Response:
    document.content = request.get_data()
    response = Response(b"", 200)
    digest = hashlib.md5(document.content, usedforsecurity=False).hexdigest()
    response.headers["ETag"] = f'"{digest}"'
    return response


def _wrong_signature() -> Response:
    return _refuse(403, "SignatureDoesNotMatch", "The signature is wrong.")


def _refuse(status: int, code: str, message: str, more: str = "") -> Response:
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{message}</Message>{more}</Error>"
    )
    return Response(body, status, content_type="application/xml")
