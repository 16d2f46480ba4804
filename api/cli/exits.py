"""Exit codes, the same for every command, and how an error becomes one of them.

0 good, 1 verification found something, 2 usage, 3 could not look, 4 refused. Whoever scripts against
the command line tells 1 from 3 by them: "found a defect" is not "could not look for one".
"""

from __future__ import annotations

import sqlite3
from typing import Final

import click
from eventsourcing.persistence import PersistenceError

from core.kernel.errors import Conflict, Malformed, Refused, TrialError

GOOD: Final = 0
FOUND: Final = 1
USAGE: Final = 2
COULD_NOT_LOOK: Final = 3
REFUSED: Final = 4
INTERRUPTED: Final = 130
READER_GONE: Final = 141


def exit_code_of(error: TrialError) -> int:
    """Return the exit code of a coded error."""
    if isinstance(error, Malformed):
        return USAGE
    return REFUSED if isinstance(error, Refused | Conflict) else COULD_NOT_LOOK


def say(code: str, sentence: str) -> None:
    """Tell a person what went wrong, on stderr."""
    click.echo(f"dosetrail: {code}: {sentence}", err=True)


def run(command: click.Command) -> int:
    """Run the command line and return its exit code; no traceback ever reaches a user."""
    try:
        code = command.main(standalone_mode=False)
    except Exception as error:  # noqa: BLE001 - the last door before the user
        return _explained(error)
    except KeyboardInterrupt:
        return INTERRUPTED
    except SystemExit:
        # click leaves with 1 where stdout's reader has gone, which here would read as a finding.
        return READER_GONE
    return code if isinstance(code, int) else GOOD


def _explained(error: Exception) -> int:
    """Say what happened and return the exit code."""
    match error:
        case TrialError():
            say(error.code, error.detail)
            return exit_code_of(error)
        case click.ClickException():
            error.show()
            return USAGE
        case click.Abort():
            say("ABORTED", "nothing more was done")
            return USAGE
        case _:
            say(*_words(error))
            return COULD_NOT_LOOK


def _words(error: Exception) -> tuple[str, str]:
    match error:
        case PersistenceError() | sqlite3.Error():
            return "STORE_UNREADABLE", f"the store cannot be read: {error}"
        case OSError():
            return "FILE_UNREADABLE", f"{error.filename or 'a file'}: {error.strerror or error}"
        case _:
            return "INTERNAL_ERROR", f"{type(error).__name__}: {error}"
