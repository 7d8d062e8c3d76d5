"""The queue to which Amazon sends notifications, read with boto3; client layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
from botocore import exceptions as boto
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from channels_amazon.errors import ShoplinkError
from channels_amazon.spapi.redact import redact_text
from channels_amazon.wording import sentence

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

# The most messages that SQS receives or deletes in one call.
BATCH = 10
# Visibility timeout in seconds: when a consumer dies, its batch is delivered to another
# one after this time. While it works on one for longer it hides it anew; if it may not,
# the messages come twice, which does no harm.
HIDDEN_SECONDS = 10
_CREDENTIAL_CODES = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AWS.SimpleQueueService.NonExistentQueue",
        "ExpiredToken",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "QueueDoesNotExist",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)


class QueueTrouble(StrEnum):
    """Why the queue cannot be read, as far as that was seen.

    From DNS to READ they are named as the steps of the way to Amazon's API.
    """

    NO_KEY = "no_key"
    WRONG_KEY = "wrong_key"
    RIGHTS = "rights"
    REGION = "region"
    NO_SUCH_QUEUE = "no_such_queue"
    DNS = "dns"
    CONNECT = "connect"
    PROXY = "proxy"
    TLS = "tls"
    TIMEOUT = "timeout"
    READ = "read"
    OTHER = "other"


_NO_SUCH_QUEUE = frozenset(
    {"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"}
)
_RIGHTS = frozenset({"AccessDenied", "AccessDeniedException"})
_WRONG_KEY = frozenset(
    {
        "ExpiredToken",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
# A proxy asks for a sign-in.
_PROXY_REFUSES = 407
# botocore's errors on the way, those that are of another's kind before it.
_ON_THE_WAY: tuple[tuple[type[BotoCoreError], QueueTrouble], ...] = (
    (boto.ProxyConnectionError, QueueTrouble.PROXY),
    (boto.SSLError, QueueTrouble.TLS),
    (boto.ConnectTimeoutError, QueueTrouble.CONNECT),
    (boto.ReadTimeoutError, QueueTrouble.TIMEOUT),
    (boto.EndpointConnectionError, QueueTrouble.CONNECT),
    (boto.ConnectionClosedError, QueueTrouble.READ),
    (boto.NoRegionError, QueueTrouble.REGION),
    (boto.NoCredentialsError, QueueTrouble.NO_KEY),
    (boto.PartialCredentialsError, QueueTrouble.NO_KEY),
    (boto.CredentialRetrievalError, QueueTrouble.NO_KEY),
)


class SqsError(ShoplinkError):
    """The queue could not be read; `aws_code` is what AWS called it.

    `code` is `notifications.credentials` when our key or its permissions are at
    fault, else `notifications.unreachable`, which may pass by itself. `trouble` says
    more closely what was seen.
    """

    def __init__(
        self,
        aws_code: str,
        message: str,
        trouble: QueueTrouble = QueueTrouble.OTHER,
    ) -> None:
        refused = aws_code in _CREDENTIAL_CODES
        super().__init__(
            "notifications.credentials" if refused else "notifications.unreachable",
            message,
            retryable=not refused,
        )
        self.aws_code = aws_code
        self.trouble = trouble


@dataclass(frozen=True, slots=True)
class Message:
    """One delivery of one message; the body may hold personal data.

    AWS counts deliveries (`receive_count`), also those to a reader that died before it
    looked at them. `tries` is how often this reader tried the message, now included.
    """

    id: str
    receipt: str
    body: str = field(repr=False)
    receive_count: int
    sent_at: datetime
    tries: int = 1


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """How many messages wait, and how many somebody is working on; approximate."""

    waiting: int
    in_flight: int


class Queue:
    """One SQS queue. Credentials and endpoint come from boto3's usual environment.

    With `patience` (seconds) one attempt is made, which waits no longer at each step.
    """

    def __init__(self, url: str, region: str, *, patience: float = 0.0) -> None:
        self.url = url
        self._region = region
        config = Config(
            connect_timeout=patience or 5,
            read_timeout=patience or 30,
            retries={"total_max_attempts": 1 if patience else 2},
        )
        # A session of our own, since boto3's default session is not thread-safe.
        self._client: SQSClient = boto3.session.Session().client(
            "sqs", region_name=region, config=config
        )

    def hurried(self, patience: float) -> Queue:
        """Return the same queue, with that `patience` and connections of its own."""
        return Queue(self.url, self._region, patience=patience)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def receive(self, limit: int = BATCH, wait: int = 20) -> list[Message]:
        """Return up to 10 messages, waiting up to `wait` seconds for the first.

        Raises SqsError. What is not deleted comes again after HIDDEN_SECONDS.
        """
        try:
            answer = self._client.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=min(limit, BATCH),
                WaitTimeSeconds=wait,
                VisibilityTimeout=HIDDEN_SECONDS,
                MessageSystemAttributeNames=[
                    "ApproximateReceiveCount",
                    "SentTimestamp",
                ],
            )
            _refuse_page(answer, self.url)
            return [_message(entry) for entry in answer.get("Messages", [])]
        except (ClientError, BotoCoreError) as error:
            raise _translate(error) from error
        except _UNREADABLE as error:
            raise _unreadable(error) from error

    def delete(self, messages: Sequence[Message]) -> tuple[str, ...]:
        """Delete messages for good; return the ids of those that AWS kept.

        A kept message is delivered again, which does no harm. Raises SqsError.
        """
        kept: list[str] = []
        for start in range(0, len(messages), BATCH):
            batch = messages[start : start + BATCH]
            try:
                answer = self._client.delete_message_batch(
                    QueueUrl=self.url,
                    Entries=[
                        {"Id": str(number), "ReceiptHandle": message.receipt}
                        for number, message in enumerate(batch)
                    ],
                )
                _refuse_page(answer, self.url)
                failed = [int(one["Id"]) for one in answer.get("Failed", [])]
                kept.extend(batch[number].id for number in failed)
            except (ClientError, BotoCoreError) as error:
                raise _translate(error) from error
            except _UNREADABLE as error:
                raise _unreadable(error) from error
        return tuple(kept)

    def hide(self, messages: Sequence[Message], seconds: int) -> None:
        """Hide messages from other consumers for so many seconds from now.

        A message deleted meanwhile is skipped. Raises SqsError.
        """
        for start in range(0, len(messages), BATCH):
            try:
                self._client.change_message_visibility_batch(
                    QueueUrl=self.url,
                    Entries=[
                        {
                            "Id": str(number),
                            "ReceiptHandle": message.receipt,
                            "VisibilityTimeout": seconds,
                        }
                        for number, message in enumerate(
                            messages[start : start + BATCH]
                        )
                    ],
                )
            except (ClientError, BotoCoreError) as error:
                raise _translate(error) from error

    def depth(self) -> QueueDepth:
        """Return how full the queue is; raises SqsError."""
        try:
            answer = self._client.get_queue_attributes(
                QueueUrl=self.url,
                AttributeNames=[
                    "ApproximateNumberOfMessages",
                    "ApproximateNumberOfMessagesNotVisible",
                ],
            )
            _refuse_page(answer, self.url)
            found = answer["Attributes"]
            return QueueDepth(
                waiting=int(found.get("ApproximateNumberOfMessages", 0)),
                in_flight=int(found.get("ApproximateNumberOfMessagesNotVisible", 0)),
            )
        except (ClientError, BotoCoreError) as error:
            raise _translate(error) from error
        except _UNREADABLE as error:
            raise _unreadable(error) from error


# What reading an answer raises that has not the form of AWS's.
_UNREADABLE = (ValueError, OverflowError, AttributeError, TypeError, LookupError)


def _refuse_page(answer: Any, url: str) -> None:
    """Raise SqsError for a web page, which botocore takes for an empty answer."""
    headers = answer["ResponseMetadata"].get("HTTPHeaders", {})
    kind = str(headers.get("content-type", "")).partition(";")[0].strip().lower()
    if kind in {"text/html", "application/xhtml+xml"}:
        message = sentence(
            "Something answered in Amazon's place at %(host)s: status %(status)s, "
            "%(type)s.",
            host=urlsplit(url).hostname or "",
            status=answer["ResponseMetadata"].get("HTTPStatusCode", 0),
            type=kind,
        )
        raise SqsError("UnreadableAnswer", message, QueueTrouble.PROXY)


def _unreadable(error: Exception) -> SqsError:
    message = sentence(
        "The answer broke the contract: %(problem)s.", problem=type(error).__name__
    )
    return SqsError("UnreadableAnswer", message, QueueTrouble.READ)


def _message(data: MessageTypeDef) -> Message:
    attributes = data.get("Attributes", {})
    sent = int(attributes.get("SentTimestamp", "0")) / 1000
    return Message(
        id=data.get("MessageId", ""),
        receipt=data.get("ReceiptHandle", ""),
        body=data.get("Body", ""),
        receive_count=int(attributes.get("ApproximateReceiveCount", "1")),
        sent_at=datetime.fromtimestamp(sent, tz=UTC),
    )


def _translate(error: ClientError | BotoCoreError) -> SqsError:
    if isinstance(error, ClientError):
        stated = error.response.get("Error", {})
        code = str(stated.get("Code", "Unknown"))
        message = redact_text(str(stated.get("Message", code)))
        return SqsError(code, message, _trouble_of(error, code, message))
    code = type(error).__name__
    trouble = next(
        (trouble for kind, trouble in _ON_THE_WAY if isinstance(error, kind)),
        QueueTrouble.OTHER,
    )
    if trouble is QueueTrouble.NO_KEY:
        return SqsError(
            "InvalidAccessKeyId", sentence("No AWS credentials were found."), trouble
        )
    # By name: urllib3, whose error it is, is spoken to by the transport alone.
    if type(error.kwargs.get("error")).__name__ == "NameResolutionError":
        trouble = QueueTrouble.DNS
    return SqsError(code, redact_text(str(error)), trouble)


def _trouble_of(error: ClientError, code: str, message: str) -> QueueTrouble:
    """Return what AWS, or a proxy in its place, refuses by this answer."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if status == _PROXY_REFUSES:
        return QueueTrouble.PROXY
    if code in _NO_SUCH_QUEUE or code.endswith("NonExistentQueue"):
        return QueueTrouble.NO_SUCH_QUEUE
    if code in _RIGHTS:
        return QueueTrouble.RIGHTS
    if code in _WRONG_KEY:
        # AWS signs by region: a key that is right is refused in another one.
        is_elsewhere = "valid region" in message
        return QueueTrouble.REGION if is_elsewhere else QueueTrouble.WRONG_KEY
    return QueueTrouble.OTHER
