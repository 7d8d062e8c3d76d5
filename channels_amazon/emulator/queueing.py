"""The local SQS (moto's server) and the thread that publishes to it; emulator."""

from __future__ import annotations

import logging
import os
import socket
import threading
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from moto.server import ThreadedMotoServer

from .state import EMPTY_QUEUE, World

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

HOST = "127.0.0.1"
AWS_REGION = "us-east-1"
# The account that moto plays.
AWS_ACCOUNT = "123456789012"
# The local queue server takes any credentials; these open nothing.
ACCESS_KEY = "emulator"
SECRET_KEY = "emulator"  # noqa: S105
BATCH = 10
LONGEST_WAIT = 0.5

logger = logging.getLogger(__name__)


class QueueServer:
    """Run an SQS on loopback with one queue.

    With a port chosen by the caller the addresses are known before the start.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._server = ThreadedMotoServer(HOST, port, verbose=False)
        self._name_all(port)

    def _name_all(self, port: int) -> None:
        # All queue servers of one process share moto's memory: the port keeps
        # their queues apart.
        self._name = f"shoplink-notifications-{port}"
        self.endpoint = f"http://{HOST}:{port}"
        self.url = f"{self.endpoint}/{AWS_ACCOUNT}/{self._name}"
        self.arn = f"arn:aws:sqs:{AWS_REGION}:{AWS_ACCOUNT}:{self._name}"

    def start(self) -> None:
        """Start the server and create the queue; raises OSError for a taken port."""
        # Moto's thread would end without a word, and its start wait for ever.
        socket.create_server((HOST, self._port)).close()
        # A reset purges the queue, and resets may follow one another quickly.
        os.environ.setdefault("MOTO_SQS_ENFORCE_STRICT_QUEUE_PURGE_BEHAVIOUR", "false")
        # It would write a line for every long poll to the terminal.
        logging.getLogger("werkzeug").setLevel(logging.WARNING)
        self._server.start()
        self._name_all(self._server.get_host_and_port()[1])
        client = self.client()
        try:
            client.create_queue(QueueName=self._name)
        finally:
            client.close()

    def stop(self) -> None:
        """Stop the server; its queue and messages are gone."""
        client = self.client()
        try:
            client.delete_queue(QueueUrl=self.url)
        finally:
            client.close()
        self._server.stop()

    def client(self) -> SQSClient:
        """Return a client that knows this server only."""
        return boto3.client(
            "sqs",
            region_name=AWS_REGION,
            endpoint_url=self.endpoint,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            config=Config(retries={"max_attempts": 1}, connect_timeout=2),
        )


class Publisher:
    """Run what is due and send what is queued, in a thread of its own."""

    def __init__(self, world: World, queue: QueueServer) -> None:
        self._world = world
        self._client = queue.client()
        self._sending = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name="emulator-publisher", daemon=True
        )

    def start(self) -> None:
        """Begin to watch the world."""
        self._thread.start()

    def stop(self) -> None:
        """Stop watching; what is not sent by now is lost."""
        self._stopped.set()
        self._world.wake.set()
        self._thread.join()
        self._client.close()

    def flush(self) -> None:
        """Run what is due and send all that is queued, before returning."""
        self._world.run_due()
        with self._sending:
            while batch := self._next_batch():
                self._send(*batch)

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._world.wake.clear()
            self.flush()
            self._world.wake.wait(self._seconds_to_next())

    def _seconds_to_next(self) -> float:
        due_at = self._world.next_due_at()
        if due_at is None:
            return LONGEST_WAIT
        left = (due_at - self._world.now()).total_seconds()
        real = self._world.clock.real_seconds(max(0.0, left))
        return min(LONGEST_WAIT, max(0.001, real))

    def _next_batch(self) -> tuple[str, list[str]] | None:
        """Take up to ten bodies for one queue off the outbox."""
        with self._world.lock:
            outbox = self._world.outbox
            if not outbox:
                return None
            url = outbox[0][0]
            bodies: list[str] = []
            while outbox and outbox[0][0] == url and len(bodies) < BATCH:
                bodies.append(outbox.popleft()[1])
            return url, bodies

    def _send(self, url: str, bodies: list[str]) -> None:
        entries = [
            {"Id": str(number), "MessageBody": body or " "}
            for number, body in enumerate(bodies)
            if body != EMPTY_QUEUE
        ]
        try:
            # It is the first of its batch: a reset empties the outbox too.
            if bodies[0] == EMPTY_QUEUE:
                self._client.purge_queue(QueueUrl=url)
            if not entries:
                return
            self._client.send_message_batch(QueueUrl=url, Entries=entries)  # type: ignore[arg-type]
        except (BotoCoreError, ClientError):
            # Amazon does not tell either when it cannot write to a queue.
            logger.exception("event=emulator.publish_failed count=%s", len(bodies))
