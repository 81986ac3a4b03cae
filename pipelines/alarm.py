"""A message to a webhook, as Slack and what imitates it take them, when a run fails."""

import logging
import socket

import httpx

from pipelines.exits import BAD_ARGUMENTS, CHECK_FAILED, FAILED
from pipelines.settings import webhook

logger = logging.getLogger(__name__)

#: Exit codes that somebody should hear of.
ALARMING = (FAILED, BAD_ARGUMENTS, CHECK_FAILED)

#: Seconds that the webhook may take.
_TIMEOUT = 10.0


def raise_alarm(run_id: str, exit_code: int, reason: str, transport: httpx.BaseTransport | None = None) -> None:
    """Tells the webhook of [runtime] slack_incoming_hook, where one is set, what went wrong. Never raises."""
    hook = webhook()
    if not hook or exit_code not in ALARMING:
        return
    text = (
        f"Label Studio → warehouse: run {run_id} on {socket.gethostname()} failed with exit code {exit_code}: {reason}"
    )
    # the address is a secret, and httpx logs addresses
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        with httpx.Client(timeout=_TIMEOUT, transport=transport) as client:
            client.post(hook, json={"text": text}).raise_for_status()
    except httpx.HTTPStatusError as error:
        logger.warning("the webhook did not take the message: it answers %d", error.response.status_code)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError, ImportError) as error:
        logger.warning("the webhook could not be reached (%s)", type(error).__name__)
