"""The local SQS (moto's server) and the thread that publishes to it; emulator."""

from __future__ import annotations

import logging
import socket
import threading

from moto.server import ThreadedMotoServer

from ..model.state import EMPTY_QUEUE, World
from .queue_memory import FastQueue, add_message, clear_queue, drop_queue, make_queue

HOST = "127.0.0.1"
AWS_REGION = "us-east-1"
# The account id that moto uses for everything.
AWS_ACCOUNT = "123456789012"
# The local queue server takes any credentials; these open nothing.
ACCESS_KEY = "emulator"
SECRET_KEY = "emulator"  # noqa: S105
# Real seconds after which the publisher looks again although nothing woke it: the clock
# may have been moved.
LONGEST_WAIT_SECONDS = 0.5


class QueueServer:
    """Run an SQS on loopback with one queue.

    With a port chosen by the caller the addresses are known before the start.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._server = ThreadedMotoServer(HOST, port, verbose=False)
        self.memory: FastQueue | None = None
        self._set_names(port)

    def _set_names(self, port: int) -> None:
        # All queue servers of one process share moto's memory: the port keeps
        # their queues apart.
        self._name = f"shoplink-notifications-{port}"
        self.endpoint = f"http://{HOST}:{port}"
        self.url = f"{self.endpoint}/{AWS_ACCOUNT}/{self._name}"
        self.arn = f"arn:aws:sqs:{AWS_REGION}:{AWS_ACCOUNT}:{self._name}"

    def start(self) -> None:
        """Start the server and create the queue; raises OSError for a taken port."""
        # Fail here when the port is taken: moto's thread would end silently, and its
        # start() would wait for ever.
        socket.create_server((HOST, self._port)).close()
        # At INFO werkzeug logs a line for every long poll.
        logging.getLogger("werkzeug").setLevel(logging.WARNING)
        self._server.start()
        self._set_names(self._server.get_host_and_port()[1])
        self.memory = make_queue(AWS_ACCOUNT, AWS_REGION, self._name)

    def stop(self) -> None:
        """Stop the server; its queue and messages are gone."""
        drop_queue(AWS_ACCOUNT, AWS_REGION, self._name)
        self._server.stop()


class Publisher:
    """Run what is due and send what is queued, in a thread of its own."""

    def __init__(self, world: World, queue: QueueServer) -> None:
        self._world = world
        self._queue = queue
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

    def flush(self) -> None:
        """Run what is due and send all that is queued, before returning."""
        self._world.run_due()
        with self._sending:
            while self._send_next():
                pass

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._world.wake.clear()
            self.flush()
            self._world.wake.wait(self._seconds_to_next())

    def _seconds_to_next(self) -> float:
        due_at = self._world.next_due_at()
        if due_at is None:
            return LONGEST_WAIT_SECONDS
        left = (due_at - self._world.now()).total_seconds()
        real = self._world.clock.real_seconds(max(0.0, left))
        return min(LONGEST_WAIT_SECONDS, max(0.001, real))

    def _send_next(self) -> bool:
        """Send one body off the outbox, and tell whether there was one."""
        try:
            url, body = self._world.outbox.popleft()
        except IndexError:
            return False
        # An unknown queue is skipped silently, as Amazon does when it cannot write.
        if url == self._queue.url and self._queue.memory is not None:
            if body == EMPTY_QUEUE:
                clear_queue(self._queue.memory)
            else:
                add_message(self._queue.memory, body or " ")
        return True
