"""Decides whether and when a failed attempt is made again; pure, client layer."""

from __future__ import annotations

from dataclasses import dataclass

from channels_amazon.spapi.operations import Operation

MAX_ATTEMPTS = 5
# Seconds; the ceiling of the wait doubles from FIRST_WAIT to LONGEST_WAIT.
FIRST_WAIT = 0.4
LONGEST_WAIT = 8.0
UNAVAILABLE = frozenset({500, 502, 503, 504})
# A request that failed at one of these steps never reached Amazon, so even a write that
# is not idempotent may be sent again.
UNDELIVERED_STEPS = frozenset({"dns", "connect", "proxy"})


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
    """What has gone into the call: attempts made, seconds used, seconds allowed."""

    attempt: int
    elapsed: float
    budget: float


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
    may have arrived is repeated only if repeating it is harmless.
    """
    if effort.attempt >= MAX_ATTEMPTS or not _may_repeat(outcome, operation):
        return GiveUp()
    after = 0.0 if outcome.status == 429 else backoff(effort.attempt, jitter)
    if effort.elapsed + after >= effort.budget:
        return GiveUp()
    return Retry(after)


def _may_repeat(outcome: AttemptResult, operation: Operation) -> bool:
    if outcome.status == 429 or outcome.step in UNDELIVERED_STEPS:
        return True
    if outcome.step is None and outcome.status not in UNAVAILABLE:
        return False
    # A certificate that does not verify now will not verify at the next attempt either.
    return operation.is_repeatable and outcome.step != "tls"
