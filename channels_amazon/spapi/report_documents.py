"""Fetches a report's document from where Amazon has put it; client layer."""

from __future__ import annotations

import gzip
import time
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from email.message import Message
from ipaddress import ip_address
from os import SEEK_END
from tempfile import TemporaryFile
from typing import IO
from urllib.parse import urlsplit

from channels_amazon.spapi import answers, attempt, errors
from channels_amazon.spapi.client import SpApiClient
from channels_amazon.spapi.errors import Evidence
from channels_amazon.spapi.operations import REPORT_DOCUMENT
from channels_amazon.spapi.retry import Effort, GiveUp, decide
from channels_amazon.spapi.transport import PreparedCall, Reply
from channels_amazon.wording import sentence

# Bytes that a document may have, as it is sent and once it is unpacked.
MAX_BYTES = 256 * 1024 * 1024
# Seconds: the signed address is valid for five minutes.
TIMEOUT = 300.0
# The first two bytes of every gzip file (RFC 1952).
_GZIP_MAGIC = b"\x1f\x8b"
# Bytes of a document by which a web page is told from it.
_BEGIN = 200
# Bytes unpacked at a time.
_CHUNK = 64 * 1024
# Amazon gzips a document (compressionAlgorithm), and its object store may gzip that
# again in transit (Content-Encoding).
_MOST_LAYERS = 2


@dataclass(frozen=True, slots=True)
class ReportDocument:
    """Where a report's content lies; `url` is a secret that lives five minutes.

    `compression` is Amazon's word, GZIP or None.
    """

    document_id: str
    url: str = field(repr=False)
    compression: str | None


@dataclass(frozen=True, slots=True)
class DocumentContent:
    """A document's bytes on disk, unpacked, and the charset that its store names."""

    file: IO[bytes] = field(repr=False)
    charset: str


@contextmanager
def open_report_document(
    client: SpApiClient,
    document: ReportDocument,
    *,
    max_bytes: int = MAX_BYTES,
    timeout: float = TIMEOUT,
) -> Iterator[DocumentContent]:
    """Give the content as a file, unpacked, which is gone afterwards.

    The memory used does not grow with the document; neither it nor its packed form
    may be larger than `max_bytes`. Raises DocumentExpired when a new address has to
    be asked for, DocumentUnreadable for one that is not as agreed, NotFound, and
    ServiceUnavailable when it may come later.
    """
    with ExitStack() as kept:
        file: IO[bytes] = kept.enter_context(TemporaryFile())
        reply = _Download(client, document.url, file, max_bytes, timeout).finish()
        # Look at the bytes and not at the headers: a proxy may have unpacked it
        # already.
        for _ in range(_MOST_LAYERS):
            if not _is_packed(file):
                break
            plain: IO[bytes] = kept.enter_context(TemporaryFile())
            _unpack(file, plain, max_bytes)
            file.close()
            file = plain
        file.seek(0)
        yield DocumentContent(file, _charset(reply))


@dataclass(slots=True)
class _Download:
    """One document on its way into a file, with the attempts it takes."""

    client: SpApiClient
    url: str = field(repr=False)
    file: IO[bytes]
    max_bytes: int
    timeout: float
    started: float = field(default_factory=time.monotonic)
    number: int = 0

    def finish(self) -> Reply:
        """Make attempts until one succeeds or no other makes sense."""
        _check_address(self.url)
        while True:
            self.number += 1
            made = self._attempt()
            found = _reply_or_error(made.result, self.url)
            if isinstance(found, Reply):
                found = self._unless_page(found)
            record = made.record(None if isinstance(found, Reply) else found)
            self.client.recorder.record(
                replace(record, bytes_received=record.bytes_received + self.file.tell())
            )
            if isinstance(found, Reply):
                return found
            decision = decide(
                Effort(self.number, time.monotonic() - self.started, self.timeout),
                made.outcome(),
                REPORT_DOCUMENT,
                self.client.jitter.random(),
            )
            if isinstance(decision, GiveUp):
                raise found
            self.client.sleep(decision.after)

    def _unless_page(self, reply: Reply) -> Reply | errors.SpApiError:
        """Return the answer, or the error where a web page came for a document."""
        self.file.seek(0)
        begin = Reply(reply.status, reply.headers, self.file.read(_BEGIN), 0.0)
        self.file.seek(0, SEEK_END)
        return answers.foreign_error(REPORT_DOCUMENT.name, begin, _host(self.url)) or (
            reply
        )

    def _attempt(self) -> attempt.Attempt:
        self.file.seek(0)
        self.file.truncate()
        left = self.timeout - (time.monotonic() - self.started)
        call = PreparedCall(
            method="GET",
            url=self.url,
            # The signed URL is the authorisation; a token would leak to another host.
            headers={"accept": "*/*", "accept-encoding": "identity"},
            timeout=max(left, 1.0),
            operation=REPORT_DOCUMENT.name,
        )
        return attempt.make(self._send, call, self.number, self.client.clock)

    def _send(self, call: PreparedCall) -> Reply:
        return self.client.transport.download(
            call, self._keep, max_bytes=self.max_bytes
        )

    def _keep(self, part: bytes) -> None:
        _write(self.file, part)


def _write(file: IO[bytes], part: bytes) -> None:
    try:
        file.write(part)
    except OSError as error:
        raise errors.ServiceUnavailable(
            sentence(
                "The document cannot be kept: %(reason)s.",
                reason=error.strerror or "",
            ),
            Evidence(REPORT_DOCUMENT.name),
            code="reports.no_room",
        ) from error


def _check_address(url: str) -> None:
    """Raise DocumentUnreadable for an address that must not be called."""
    parts = urlsplit(url)
    is_safe = parts.scheme == "https" or (
        parts.scheme == "http" and _is_loopback(parts.hostname or "")
    )
    if not is_safe or not parts.hostname or "@" in parts.netloc:
        raise errors.DocumentUnreadable(
            sentence("The address of the document is not a secure one."),
            Evidence(REPORT_DOCUMENT.name),
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _reply_or_error(
    result: Reply | errors.NetworkError, url: str
) -> Reply | errors.SpApiError:
    """Return the answer if it is a good one, else the error that it means.

    The store of the documents speaks XML: of its refusals the status alone counts.
    """
    if isinstance(result, errors.NetworkError) or 200 <= result.status < 300:
        return result
    evidence = answers.evidence_of(REPORT_DOCUMENT.name, result, _host(url))
    if 300 <= result.status < 400:
        message = sentence("The address of the document leads elsewhere.")
        return errors.DocumentUnreadable(message, evidence)
    foreign = answers.foreign_error(REPORT_DOCUMENT.name, result, _host(url))
    if foreign is not None:
        return foreign
    if result.status in {401, 403}:
        message = sentence("The address of the document has run out.")
        return errors.DocumentExpired(message, evidence)
    if result.status == 429:
        message = sentence("The store of the document asks for a pause.")
        return errors.ServiceUnavailable(message, evidence)
    return answers.error_of(replace(evidence, has_envelope=True))


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _charset(reply: Reply) -> str:
    message = Message()
    message["content-type"] = reply.headers.get("content-type", "")
    return message.get_content_charset("")


def _is_packed(file: IO[bytes]) -> bool:
    file.seek(0)
    return file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC


def _unpack(packed: IO[bytes], plain: IO[bytes], max_bytes: int) -> None:
    packed.seek(0)
    size = 0
    try:
        with gzip.GzipFile(fileobj=packed) as source:
            while part := source.read(_CHUNK):
                size += len(part)
                if size > max_bytes:
                    raise _unreadable(
                        sentence(
                            "it unpacks to more than %(size)s bytes", size=max_bytes
                        )
                    )
                _write(plain, part)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise _unreadable(sentence("it is not whole")) from error


def _unreadable(reason: str) -> errors.DocumentUnreadable:
    return errors.DocumentUnreadable(
        sentence("The document cannot be unpacked: %(reason)s.", reason=reason),
        Evidence(REPORT_DOCUMENT.name),
    )
