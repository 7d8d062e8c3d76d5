"""The store of report documents, read by pre-signed addresses; emulator."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote, urlencode

from werkzeug.wrappers import Request, Response

from ..model.clock import iso
from ..model.entities import Download, EmulatedReportDocument
from ..model.state import World

PREFIX = "/documents/"
OPERATION = "report.download"
# Amazon's pre-signed URLs are valid for five minutes.
LIFETIME = timedelta(minutes=5)


def sign(
    world: World, document: EmulatedReportDocument, host_url: str, content_encoding: str
) -> str:
    """Return an address that opens a document for five minutes."""
    now = world.now()
    download = Download(
        signature=world.random.randbytes(32).hex(),
        document_id=document.document_id,
        expires_at=now + LIFETIME,
        content_encoding=content_encoding,
    )
    world.downloads[download.signature] = download
    query = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Date": now.strftime("%Y%m%dT%H%M%SZ"),
        "X-Amz-SignedHeaders": "host",
        "X-Amz-Expires": int(LIFETIME.total_seconds()),
        "X-Amz-Signature": download.signature,
    }
    path = PREFIX + quote(document.document_id, safe="")
    return f"{host_url.rstrip('/')}{path}?{urlencode(query)}"


def handle(world: World, request: Request) -> Response:
    """Answer a GET of a pre-signed address, as the store of objects does."""
    if request.method not in {"GET", "HEAD"}:
        return _refuse(405, "MethodNotAllowed", "The method is not allowed here.")
    with world.lock:
        download = world.downloads.get(request.args.get("X-Amz-Signature", ""))
        document_id = request.path.removeprefix(PREFIX)
        if download is None or download.document_id != document_id:
            return _refuse(403, "SignatureDoesNotMatch", "The signature is wrong.")
        now = world.now()
        if now >= download.expires_at:
            expires, server_time = iso(download.expires_at), iso(now)
            return _refuse(
                403,
                "AccessDenied",
                "Request has expired",
                f"<Expires>{expires}</Expires><ServerTime>{server_time}</ServerTime>",
            )
        document = world.report_documents[document_id]
    response = Response(document.content, content_type=document.content_type)
    if download.content_encoding != "identity":
        response.headers["Content-Encoding"] = download.content_encoding
    return response


def _refuse(status: int, code: str, message: str, more: str = "") -> Response:
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{message}</Message>{more}</Error>"
    )
    return Response(body, status, content_type="application/xml")
