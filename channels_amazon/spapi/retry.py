"""Decides whether and when a failed attempt is made again; pure, client layer."""

from __future__ import annotations

from dataclasses import dataclass

from channels_amazon.spapi.operations import Operation

MAX_ATTEMPTS = 5
# Seconds; the ceiling of the wait doubles from FIRST_WAIT to LONGEST_WAIT.
FIRST_WAIT = 0.4
LONGEST_WAIT = 8.0
UNAVAILABLE = frozenset({500, 502, 503, 504})
# Steps at which a request fails before Amazon has it, and which may pass in seconds: a
# certificate that does not verify now will not verify at the next attempt either. So
# even a write that is not idempotent may be sent again.
PASSING_STEPS = frozenset({"dns", "connect", "proxy"})
# Seconds. Where a token takes longer to grow, an attempt that may have cost one is not
# repeated: the job comes again when another has grown. The fetch of an order restores
# one in 2 s, a report in 60 s, a search of orders in 179 s.
DEAR_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """How an attempt ended: with an answer's status, or broken at a network step."""

    status: int | None = None
    step: str | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """Make another attempt `after` seconds."""

    after: float


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Make no further attempt."""


@dataclass(frozen=True, slots=True)
class Effort:
    """What has gone into the call: attempts made, seconds used, seconds allowed.

    `restores_in` is how many seconds the operation's quota takes to grow a token, 0
    where none has to be spared.
    """

    attempt: int
    elapsed: float
    budget: float
    restores_in: float = 0.0


def backoff(attempt: int, jitter: float) -> float:
    """Return the seconds to wait after attempt number `attempt` (from 1).

    It doubles up to a ceiling; `jitter` in [0, 1) is the caller's randomness and
    moves it between half and the whole.
    """
    ceiling: float = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (attempt - 1))
    return ceiling * (0.5 + 0.5 * jitter)


def decide(
    effort: Effort, outcome: AttemptResult, operation: Operation, jitter: float
) -> Retry | GiveUp:
    """Say whether to try again.

    A throttled call is tried at once: the bucket, now empty, says when. A call that
    may have arrived is repeated only if repeating it is harmless, and its token cheap.
    """
    if effort.attempt >= MAX_ATTEMPTS or not _may_repeat(outcome, operation):
        return GiveUp()
    is_free = outcome.status == 429 or outcome.step in PASSING_STEPS
    if effort.restores_in > DEAR_SECONDS and not is_free:
        return GiveUp()
    after = 0.0 if outcome.status == 429 else backoff(effort.attempt, jitter)
    if effort.elapsed + after >= effort.budget:
        return GiveUp()
    return Retry(after)


def _may_repeat(outcome: AttemptResult, operation: Operation) -> bool:
    if outcome.status == 429 or outcome.step in PASSING_STEPS:
        return True
    if outcome.step is None and outcome.status not in UNAVAILABLE:
        return False
    return operation.is_repeatable and outcome.step != "tls"
