"""How the commands that only read come to their end."""

import logging
import os
import sys

import click


def run_command(command: click.Command, arguments: list[str] | None, name: str) -> int:
    """Runs a command, which gives its exit code. Whatever goes wrong ends in one line on stderr."""
    # it would tell of each time that it waits for a file
    logging.getLogger("stamina").setLevel(logging.ERROR)
    try:
        code = command.main(arguments, prog_name=name, standalone_mode=False) or 0
        sys.stdout.flush()
    except BrokenPipeError:
        # who reads has enough; nothing is left to say when Python ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  # a user gets a line, not a traceback
        # imports what --help should not wait for
        from pipelines.exits import explained

        line, code = explained(error)
        click.echo(f"{name}: {line}", err=True)
    return code
