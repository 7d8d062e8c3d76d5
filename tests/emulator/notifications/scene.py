"""What the local Amazon put on its queue."""

from __future__ import annotations

import boto3

from channels_amazon.emulator.server import Emulator


def received(emulator: Emulator) -> list[str]:
    """Take all that is in the queue."""
    settings = emulator.settings()
    client = boto3.client(
        "sqs",
        endpoint_url=settings["AWS_ENDPOINT_URL_SQS"],
        region_name=settings["AWS_DEFAULT_REGION"],
        aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=settings["AWS_SECRET_ACCESS_KEY"],
    )
    bodies: list[str] = []
    try:
        while True:
            messages = client.receive_message(
                QueueUrl=emulator.queue_url, MaxNumberOfMessages=10
            ).get("Messages", [])
            if not messages:
                return bodies
            bodies += [message["Body"] for message in messages]
            client.delete_message_batch(
                QueueUrl=emulator.queue_url,
                Entries=[
                    {"Id": str(at), "ReceiptHandle": message["ReceiptHandle"]}
                    for at, message in enumerate(messages)
                ],
            )
    finally:
        client.close()
