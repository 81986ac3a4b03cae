"""Another try, where one may help: exponential waits with jitter, or as long as the server asks for."""

import email.utils
import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import TypeVar

import stamina

from .answers import Passing
from .report import Report

logger = logging.getLogger(__name__)

T = TypeVar("T")

#: Longest wait before another try, whatever the server asks for: seconds.
MAX_WAIT = 300.0

_SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?")

#: Longest wait that we come to by ourselves: seconds.
_MAX_BACKOFF = 30.0


class Retrying:
    """Tries again what fails in passing, `attempts` times at most in all, and counts it in the report."""

    def __init__(self, report: Report, attempts: int) -> None:
        self._report = report
        self._attempts = attempts

    async def __call__(self, what: str, once: Callable[[], Awaitable[T]]) -> T:
        """What `once` gives. Raises what its last failure stands for, and at once what is no Passing."""
        tried = 0

        def again(error: Exception) -> bool | float:
            if not isinstance(error, Passing) or tried >= (error.tries or self._attempts):
                return False
            logger.warning("%s: %s; trying again (%d of %d)", what, error, tried, self._attempts - 1)
            # none, or less than we would wait anyway: «at once» is no pace for a server in trouble
            return min(error.wait, MAX_WAIT) if error.wait and error.wait >= 1 else True

        context = stamina.retry_context(
            on=again, attempts=self._attempts, timeout=None, wait_initial=0.5, wait_max=_MAX_BACKOFF, wait_jitter=1.0
        )
        try:
            async for attempt in context:
                with attempt:
                    tried = attempt.num
                    self._report.retries += tried > 1
                    return await once()
        except Passing as error:
            raise error.final from error
        raise AssertionError("the last try either gives a result or raises")


def wanted_wait(headers: Mapping[str, str], now: Callable[[], float] = time.time) -> float | None:
    """Seconds that the server asks to wait: Retry-After (seconds or a date), else X-RateLimit-Reset."""
    value = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(value):
        return float(value)
    if (moment := http_date(value)) is not None:
        return max(moment.timestamp() - now(), 0.0)
    reset = headers.get("x-ratelimit-reset", "").strip()
    # many gateways name the moment with every answer, also where the limit is not what stands in the way
    if not _SECONDS.fullmatch(reset) or headers.get("x-ratelimit-remaining", "0").strip() != "0":
        return None
    # some send a moment, some the seconds up to it
    return max(float(reset) - now(), 0.0) if float(reset) > 1e9 else float(reset)


def http_date(text: str) -> datetime | None:
    """The moment that a header names; None where it names none."""
    try:
        parsed = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    # HTTP dates are in UTC, whether they say so or not
    return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
