"""Says why what waits is not sent to Amazon, and what ends it; views layer.

The one source of it: a quantity, a package, a change and an order all wait for the
same things, so that no page says of one "being sent" while another page says why not.
A quantity alone waits for its account to go live, too.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext

from channels_amazon.models import AmazonAccount
from channels_amazon.services.health.halts import Halt, halt_of


@dataclass(frozen=True, slots=True)
class Standstill:
    """Why nothing goes to Amazon: a word for a row, a sentence, the page that helps.

    While the installation is paused no page is named: what can be done stands above
    every page.
    """

    word: str
    text: str
    link: str = ""
    link_text: str = ""


def standstill_of(
    account: AmazonAccount, *, is_worker_alive: bool
) -> Standstill | None:
    """Return why nothing of the account is sent, None while all goes on.

    It asks the database nothing: whether a worker lives, `views/attention.py` knows.
    """
    halt = halt_of(account, is_worker_alive=is_worker_alive)
    if halt is None:
        return None
    if halt is Halt.DISCONNECTED:
        return Standstill(
            gettext("Account disconnected"),
            gettext(
                "The account is disconnected: what waits is sent only if it is "
                "connected again."
            ),
            _connect(account),
            gettext("Connect again"),
        )
    if halt is Halt.PAUSED:
        return Standstill(
            gettext("Waits: installation paused"),
            gettext(
                "Nothing is sent to Amazon while this installation is paused: what "
                "waits is sent once somebody says that this is the installation."
            ),
        )
    if halt is Halt.UNAUTHORISED:
        return Standstill(
            gettext("Waits for the authorisation"),
            gettext(
                "Amazon does not accept the account's authorisation: what waits is "
                "sent once the account is authorised again."
            ),
            _connect(account),
            gettext("Authorise again"),
        )
    return Standstill(
        gettext("Waits for a worker"),
        gettext("No worker runs: what waits is sent once one does."),
        f"{reverse('amazon-status', args=[account.pk])}#processes",
        gettext("Our own processes"),
    )


def why_halted(account: AmazonAccount, *, is_worker_alive: bool) -> str:
    """Return why nothing of the account is read or sent now, "" while all goes on.

    As the end of a sentence.
    """
    halt = halt_of(account, is_worker_alive=is_worker_alive)
    words = {
        Halt.DISCONNECTED: gettext("it is disconnected"),
        Halt.PAUSED: gettext("this installation is paused"),
        Halt.UNAUTHORISED: gettext("its authorisation is missing"),
        Halt.NO_WORKER: gettext("no worker runs"),
    }
    return words[halt] if halt is not None else ""


def quantity_standstill_of(
    account: AmazonAccount, *, is_worker_alive: bool
) -> Standstill | None:
    """Return why no quantity of the account is sent, None while all goes on.

    Quantities wait for somebody to go live, too; orders and packages do not.
    """
    # Whether a worker runs matters only to what may be sent.
    found = standstill_of(account, is_worker_alive=True)
    if found is None and not account.is_live:
        return Standstill(
            gettext("Not live yet"),
            gettext(
                "The account is not live: what waits is sent once somebody has looked "
                "at the numbers and goes live."
            ),
            reverse("amazon-go-live", args=[account.pk]),
            gettext("Go live"),
        )
    return found or standstill_of(account, is_worker_alive=is_worker_alive)


def _connect(account: AmazonAccount) -> str:
    return f"{reverse('amazon-connect')}?account={account.pk}"
