"""What to say of Amazon's event queue that cannot be read, by what was seen; health."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext_noop

from channels_amazon.spapi.sqs import QueueTrouble, SqsError
from channels_amazon.wording import Sentence, sentence

# Steps of the way that are one and the same for AWS and for Amazon's API.
SHARED_STEPS = frozenset({QueueTrouble.DNS, QueueTrouble.PROXY})

_FIXES: dict[QueueTrouble, str] = {
    QueueTrouble.NO_KEY: gettext_noop(
        "Give the worker and the reader an AWS key: AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY, or a role of the machine."
    ),
    QueueTrouble.WRONG_KEY: gettext_noop(
        "AWS does not accept the key itself: check AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY for a key that was deleted, rotated or cut short."
    ),
    QueueTrouble.RIGHTS: gettext_noop(
        "Give the AWS key sqs:ReceiveMessage, sqs:DeleteMessage and "
        "sqs:GetQueueAttributes on this queue."
    ),
    QueueTrouble.REGION: gettext_noop(
        "The region is not the queue's: SQS_QUEUE_URL and SQS_QUEUE_ARN must name one "
        "and the same queue, as the AWS console shows both."
    ),
    QueueTrouble.NO_SUCH_QUEUE: gettext_noop(
        "AWS knows no such queue: check account, region and name in SQS_QUEUE_URL, or "
        "create the queue again."
    ),
    QueueTrouble.DNS: gettext_noop(
        "The name %(host)s cannot be resolved: check this server's DNS resolver, and "
        "the spelling of SQS_QUEUE_URL and AWS_ENDPOINT_URL_SQS."
    ),
    QueueTrouble.CONNECT: gettext_noop(
        "Nobody takes the connection at %(host)s: check SQS_QUEUE_URL and "
        "AWS_ENDPOINT_URL_SQS, and allow outgoing connections there in the firewall."
    ),
    QueueTrouble.PROXY: gettext_noop(
        "The proxy on the way to %(host)s refuses or fails: check HTTPS_PROXY, "
        "NO_PROXY and the proxy's sign-in."
    ),
    QueueTrouble.TLS: gettext_noop(
        "No secure connection to %(host)s can be made: check this server's clock, and "
        "whether a firewall replaces certificates (AWS_CA_BUNDLE names its own)."
    ),
    QueueTrouble.TIMEOUT: gettext_noop(
        "%(host)s takes the connection and does not answer: check whether a firewall "
        "inspects it. If the way is free, AWS is slow: it is tried again by itself."
    ),
    QueueTrouble.READ: gettext_noop(
        "%(host)s ends the connection without an answer: check whether a firewall or "
        "proxy cuts it. If the way is free, it is tried again by itself."
    ),
    QueueTrouble.OTHER: gettext_noop(
        "Look up the code that AWS gave; the reader tries again by itself."
    ),
}


def trouble_of(error: SqsError) -> QueueTrouble:
    """Return what is wrong, by the answer and by the two addresses of the queue.

    A queue that AWS does not know where address and ARN name two regions is looked for
    in the wrong one.
    """
    doubtful = {
        QueueTrouble.NO_SUCH_QUEUE,
        QueueTrouble.WRONG_KEY,
        QueueTrouble.RIGHTS,
    }
    named = _region_of_address()
    if error.trouble in doubtful and named and named != _region_of_arn():
        return QueueTrouble.REGION
    return error.trouble


def fix_of(trouble: QueueTrouble) -> Sentence:
    """Return what to do about it."""
    return sentence(_FIXES[trouble], host=queue_host())


def queue_host() -> str:
    """Return the host that is asked for the queue."""
    return urlsplit(settings.SQS_QUEUE_URL).hostname or ""


def _region_of_arn() -> str:
    parts = settings.SQS_QUEUE_ARN.split(":")
    return parts[3] if len(parts) > 3 else ""


def _region_of_address() -> str:
    """Return the region that AWS's own address names, "" where it is not AWS's."""
    labels = queue_host().split(".")
    return labels[1] if labels[0] == "sqs" and "amazonaws" in labels else ""
