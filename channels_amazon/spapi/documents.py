"""Documents in Amazon's store, read and written by signed addresses; client layer.

A report's content lies there, and so do what a feed says and what became of it. The
address is the authorisation: whoever has it needs no token, and must send none.
"""

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
from channels_amazon.spapi.operations import Operation
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
# How the store says that a request is not the one that was signed: another content
# type, another method. A new address would be refused alike.
_NOT_AS_SIGNED = b"SignatureDoesNotMatch"


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """Where a document's content lies; `url` is a secret that lives five minutes.

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
def open_document(
    client: SpApiClient,
    document: StoredDocument,
    operation: Operation,
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
        reply = _Download(
            client=client,
            url=document.url,
            operation=operation,
            timeout=timeout,
            file=file,
            max_bytes=max_bytes,
        ).finish()
        # Look at the bytes and not at the headers: a proxy may have unpacked it
        # already.
        for _ in range(_MOST_LAYERS):
            if not _is_packed(file):
                break
            plain: IO[bytes] = kept.enter_context(TemporaryFile())
            _unpack(file, plain, max_bytes, operation)
            file.close()
            file = plain
        file.seek(0)
        yield DocumentContent(file, _charset(reply))


def put_document(
    client: SpApiClient,
    url: str,
    content: bytes,
    content_type: str,
    operation: Operation,
    *,
    timeout: float = TIMEOUT,
) -> None:
    """Put the content to a signed address; the type is the one that was signed.

    To put it twice leaves the same document. Raises DocumentExpired when a new address
    has to be asked for, InvalidRequest where the request is not as it was signed, and
    ServiceUnavailable when it may succeed later.
    """
    _Upload(
        client=client,
        url=url,
        operation=operation,
        timeout=timeout,
        content=content,
        content_type=content_type,
    ).finish()


@dataclass(slots=True, kw_only=True)
class _Transfer:
    """One document on its way, with the attempts it takes."""

    client: SpApiClient
    url: str = field(repr=False)
    operation: Operation
    timeout: float
    started: float = field(default_factory=time.monotonic)
    number: int = 0

    def finish(self) -> Reply:
        """Make attempts until one succeeds or no other makes sense."""
        _check_address(self.url, self.operation)
        while True:
            self.number += 1
            made = self._attempt()
            found = self._judged(
                made, _reply_or_error(made.result, self.url, self.operation)
            )
            self._record(made, None if isinstance(found, Reply) else found)
            if isinstance(found, Reply):
                return found
            decision = decide(
                Effort(self.number, time.monotonic() - self.started, self.timeout),
                made.outcome(),
                self.operation,
                self.client.jitter.random(),
            )
            if isinstance(decision, GiveUp):
                raise found
            self.client.sleep(decision.after)

    def _attempt(self) -> attempt.Attempt:
        raise NotImplementedError

    def _judged(
        self, made: attempt.Attempt, found: Reply | errors.SpApiError
    ) -> Reply | errors.SpApiError:
        return found

    def _record(self, made: attempt.Attempt, error: errors.SpApiError | None) -> None:
        self.client.recorder.record(made.record(error))

    def _seconds_left(self) -> float:
        return max(self.timeout - (time.monotonic() - self.started), 1.0)


@dataclass(slots=True, kw_only=True)
class _Download(_Transfer):
    """A document that is fetched into a file."""

    file: IO[bytes]
    max_bytes: int

    def _judged(
        self, made: attempt.Attempt, found: Reply | errors.SpApiError
    ) -> Reply | errors.SpApiError:
        """Return the answer, or the error where a web page came for a document."""
        if not isinstance(found, Reply):
            return found
        self.file.seek(0)
        begin = Reply(found.status, found.headers, self.file.read(_BEGIN), 0.0)
        self.file.seek(0, SEEK_END)
        return answers.foreign_error(self.operation.name, begin, _host(self.url)) or (
            found
        )

    def _record(self, made: attempt.Attempt, error: errors.SpApiError | None) -> None:
        record = made.record(error)
        self.client.recorder.record(
            replace(record, bytes_received=record.bytes_received + self.file.tell())
        )

    def _attempt(self) -> attempt.Attempt:
        self.file.seek(0)
        self.file.truncate()
        call = PreparedCall(
            method="GET",
            url=self.url,
            # The signed URL is the authorisation; a token would leak to another host.
            headers={"accept": "*/*", "accept-encoding": "identity"},
            timeout=self._seconds_left(),
            operation=self.operation.name,
        )
        return attempt.make(self._send, call, self.number, self.client.clock)

    def _send(self, call: PreparedCall) -> Reply:
        return self.client.transport.download(
            call, self._keep, max_bytes=self.max_bytes
        )

    def _keep(self, part: bytes) -> None:
        _write(self.file, part, self.operation)


@dataclass(slots=True, kw_only=True)
class _Upload(_Transfer):
    """A document that is put to its address."""

    content: bytes = field(repr=False)
    content_type: str

    def _attempt(self) -> attempt.Attempt:
        call = PreparedCall(
            method="PUT",
            url=self.url,
            # As signed: the store refuses another type, and headers of SP-API.
            headers={"content-type": self.content_type},
            body=self.content,
            timeout=self._seconds_left(),
            operation=self.operation.name,
        )
        send = self.client.transport.send
        return attempt.make(send, call, self.number, self.client.clock)

    def _judged(
        self, made: attempt.Attempt, found: Reply | errors.SpApiError
    ) -> Reply | errors.SpApiError:
        """Return the answer, or the error; another address mends no wrong request."""
        if isinstance(found, Reply):
            # The store says nothing when it has the document: a page is another's.
            name, host = self.operation.name, _host(self.url)
            return answers.foreign_error(name, found, host) or found
        is_expired = isinstance(found, errors.DocumentExpired)
        reply = made.result if isinstance(made.result, Reply) else None
        if not is_expired or reply is None or _NOT_AS_SIGNED not in reply.body:
            return found
        return errors.InvalidRequest(
            sentence(
                "The store refuses the document: it does not come as it was agreed."
            ),
            found.evidence,
            code=_code(self.operation, "document_refused"),
        )


def _write(file: IO[bytes], part: bytes, operation: Operation) -> None:
    try:
        file.write(part)
    except OSError as error:
        raise errors.ServiceUnavailable(
            sentence(
                "The document cannot be kept: %(reason)s.",
                reason=error.strerror or "",
            ),
            Evidence(operation.name),
            code=_code(operation, "no_room"),
        ) from error


def _code(operation: Operation, word: str) -> str:
    """Return the code of an error, which begins with whose document it is.

    `report.document` is of the reports, `feed.upload` of the feeds.
    """
    return f"{operation.name.partition('.')[0]}s.{word}"


def _check_address(url: str, operation: Operation) -> None:
    """Raise DocumentUnreadable for an address that must not be called."""
    parts = urlsplit(url)
    is_safe = parts.scheme == "https" or (
        parts.scheme == "http" and _is_loopback(parts.hostname or "")
    )
    if not is_safe or not parts.hostname or "@" in parts.netloc:
        raise _unreadable(
            sentence("The address of the document is not a secure one."),
            Evidence(operation.name),
            operation,
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _reply_or_error(
    result: Reply | errors.NetworkError, url: str, operation: Operation
) -> Reply | errors.SpApiError:
    """Return the answer if it is a good one, else the error that it means.

    The store of the documents speaks XML: of its refusals the status alone counts.
    """
    if isinstance(result, errors.NetworkError) or 200 <= result.status < 300:
        return result
    evidence = answers.evidence_of(operation.name, result, _host(url))
    if 300 <= result.status < 400:
        message = sentence("The address of the document leads elsewhere.")
        return _unreadable(message, evidence, operation)
    foreign = answers.foreign_error(operation.name, result, _host(url))
    if foreign is not None:
        return foreign
    if result.status in {401, 403}:
        message = sentence("The address of the document has run out.")
        return errors.DocumentExpired(
            message, evidence, code=_code(operation, "document_expired")
        )
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


def _unpack(
    packed: IO[bytes], plain: IO[bytes], max_bytes: int, operation: Operation
) -> None:
    packed.seek(0)
    size = 0
    try:
        with gzip.GzipFile(fileobj=packed) as source:
            while part := source.read(_CHUNK):
                size += len(part)
                if size > max_bytes:
                    raise _not_unpacked(
                        sentence(
                            "it unpacks to more than %(size)s bytes", size=max_bytes
                        ),
                        operation,
                    )
                _write(plain, part, operation)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise _not_unpacked(sentence("it is not whole"), operation) from error


def _not_unpacked(reason: str, operation: Operation) -> errors.DocumentUnreadable:
    message = sentence("The document cannot be unpacked: %(reason)s.", reason=reason)
    return _unreadable(message, Evidence(operation.name), operation)


def _unreadable(
    message: str, evidence: Evidence, operation: Operation
) -> errors.DocumentUnreadable:
    return errors.DocumentUnreadable(
        message, evidence, code=_code(operation, "document_unreadable")
    )
