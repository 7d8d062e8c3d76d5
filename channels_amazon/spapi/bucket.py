"""A token bucket as pure arithmetic, times in seconds since the epoch; client layer."""

from __future__ import annotations

from dataclasses import dataclass, replace

# Tokens, or seconds. Floats lose digits on their way through a database or a datetime,
# so 0.9999999 tokens count as one.
EPSILON = 1e-6
# After refusals the believed rate is halved, but never below this share of the default
# rate of Amazon's usage plan: a bucket has to recover some day.
LOWEST_RATE_SHARE = 1 / 16
# One 429 may be chance. Two without a stated rate in between mean that the believed
# rate is too high.
STRIKES_BEFORE_HALVING = 2
# Seconds. A stamp that lies less than this in the future comes from another host whose
# clock runs ahead. One further ahead means that our clock was set back.
CLOCK_SET_BACK = 60.0
# Seconds that a call may take to Amazon, which counts it when it comes. A full bucket
# gains nothing until then, neither Amazon's nor ours: else a call that travels faster
# than the one that opened the bucket would come before its token has grown there.
DELIVERY_SECONDS = 0.4
# A bucket that fills within a moment waits no longer than this share of that moment.
DELIVERY_SHARE = 1 / 4


@dataclass(frozen=True, slots=True)
class Bucket:
    """`tokens` were there at `stamp`; nothing is given before `hold_until`.

    `stamp` is ahead of the clock while the call that opened the bucket is on its way.
    """

    tokens: float
    stamp: float
    rate: float
    burst: float
    hold_until: float = 0.0
    strikes: int = 0


def full(rate: float, burst: float, now: float) -> Bucket:
    """Return a bucket that nobody has taken from."""
    return Bucket(tokens=burst, stamp=now, rate=rate, burst=burst)


def refill(bucket: Bucket, now: float) -> Bucket:
    """Return the bucket with what has refilled until `now`.

    Another host's clock may run a little behind: time never runs backwards here,
    else the same second would refill twice.
    """
    if bucket.stamp - now > CLOCK_SET_BACK:
        return replace(bucket, stamp=now, hold_until=min(bucket.hold_until, now))
    stamp = max(bucket.stamp, now)
    tokens = bucket.tokens + (stamp - bucket.stamp) * bucket.rate
    if tokens < bucket.burst:
        return replace(bucket, tokens=tokens, stamp=stamp)
    # A full bucket means nobody called for a while: forget earlier refusals.
    return replace(bucket, tokens=bucket.burst, stamp=stamp, strikes=0)


def available_at(bucket: Bucket) -> float:
    """Return when a whole token is available, which may be in the past."""
    missing = max(0.0, 1.0 - bucket.tokens)
    return max(bucket.hold_until, bucket.stamp + missing / bucket.rate)


def take(bucket: Bucket, now: float) -> tuple[Bucket, float | None]:
    """Take one token: return the bucket and None, or when to try again.

    Without a whole token nothing is taken.
    """
    refilled = refill(bucket, now)
    if refilled.tokens >= 1.0 - EPSILON and now >= refilled.hold_until - EPSILON:
        return replace(
            refilled,
            tokens=max(0.0, refilled.tokens - 1.0),
            stamp=max(refilled.stamp, _refills_from(refilled, now)),
        ), None
    return refilled, available_at(refilled)


def _refills_from(bucket: Bucket, now: float) -> float:
    """Return from when a bucket refills of which a call takes a token now.

    Amazon's has what ours has when the call comes, but never more than `burst`.
    """
    on_its_way = min(DELIVERY_SECONDS, DELIVERY_SHARE * bucket.burst / bucket.rate)
    return now + on_its_way - (bucket.burst - bucket.tokens) / bucket.rate


def put_back(bucket: Bucket) -> Bucket:
    """Return the bucket with one token that was taken and not used."""
    return replace(bucket, tokens=min(bucket.burst, bucket.tokens + 1.0))


def set_rate(bucket: Bucket, rate: float, now: float) -> Bucket:
    """Return the bucket at the rate that Amazon's header states.

    The tokens up to now are counted at the old rate. A stated rate also resets the
    strikes that refusals have added.
    """
    if rate <= 0:
        return bucket
    return replace(refill(bucket, now), rate=rate, strikes=0)


def exhaust(
    bucket: Bucket, hold_until: float, now: float, default_rate: float
) -> Bucket:
    """Return the bucket after an answer 429 that it did not foresee.

    The bucket is empty and gives nothing until `hold_until`. A 429 that arrives while
    it holds belongs to an earlier call and says nothing new. From the second 429
    without a stated rate in between, each halves the believed rate, down to
    LOWEST_RATE_SHARE of `default_rate`: an unknown limit is learnt within
    three of them.
    """
    refilled = refill(bucket, now)
    if now < refilled.hold_until:
        return replace(
            refilled, tokens=0.0, hold_until=max(hold_until, refilled.hold_until)
        )
    strikes = refilled.strikes + 1
    rate = refilled.rate
    if strikes >= STRIKES_BEFORE_HALVING:
        rate = max(rate / 2, default_rate * LOWEST_RATE_SHARE)
    return replace(
        refilled,
        tokens=0.0,
        # Amazon has had the call: its bucket, empty as it is, refills already.
        stamp=now,
        rate=rate,
        hold_until=hold_until,
        strikes=strikes,
    )


def hold_seconds(rate: float, jitter: float) -> float:
    """Return how long to hold after a 429: one token's time, and up to a fifth more.

    `jitter` in [0, 1) is the caller's randomness: processes do not return together.
    """
    return (1.0 + 0.2 * jitter) / rate
