"""Do all our processes hold the keys, and do they open this account? health layer."""

from __future__ import annotations

from cryptography.fernet import InvalidToken
from django.utils.translation import gettext_lazy

from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, well
from channels_amazon.health.registry import Cost, check
from channels_amazon.models import Credential, key_fingerprints
from channels_amazon.services.jobs import key_holders
from channels_amazon.services.jobs.key_holders import KeyHolder
from channels_amazon.wording import sentence


@check(
    "keys", group="host", order=2, title=gettext_lazy("Encryption keys"), cost=Cost.HOST
)
def run(context: CheckContext) -> list[Finding]:
    """Compare the keys of the living processes, then open the stored authorisation."""
    lacking = key_holders.holders_lacking(context.now)
    if lacking:
        return [_differ(lacking)]
    try:
        Credential.objects.filter(account=context.account).first()
    except InvalidToken:
        error = key_holders.secret_unreadable(
            sentence("The stored authorisation cannot be decrypted.")
        )
        return [
            Finding(
                code=error.code,
                cause=error.message,
                fix=error.fix,
                fix_action="amazon-connect",
                evidence={"our_keys": key_fingerprints()},
            )
        ]
    return [
        well(
            sentence(
                "All processes that live hold the same keys, and what is stored can be "
                "opened."
            ),
            processes=len(key_holders.key_holders(context.now)),
        )
    ]


def _differ(lacking: list[KeyHolder]) -> Finding:
    return Finding(
        code="host.keys_differ",
        cause=sentence(
            "Processes of Shoplink hold different FERNET_KEYS: what one encrypts, "
            "another cannot read. Amazon is not concerned."
        ),
        fix=sentence(
            "Give every process the same FERNET_KEYS, the old ones included, and "
            "restart them all: then it goes on by itself."
        ),
        evidence={
            "lacking": [one.name for one in lacking],
            "our_keys": key_fingerprints(),
        },
    )
