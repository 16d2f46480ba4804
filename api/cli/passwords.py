"""Passwords for the command line: from a file or asked; never as an argument, which others can see."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from core.kernel.errors import Malformed

password_file_type = click.Path(exists=True, dir_okay=False, path_type=Path)


def password_from(identifier: str, file: Path | None, *, new: bool = True) -> str:
    """Return the password from its file, without the line's end, or asked on the terminal, a new one twice.

    Raises: `PASSWORD_NEEDED`, `BAD_PASSWORD_FILE`.
    """
    if file is not None:
        return _decoded(file.read_bytes()).removesuffix("\n").removesuffix("\r")
    if not sys.stdin.isatty():
        raise Malformed("PASSWORD_NEEDED", f"no terminal to ask {identifier} on: give a password file")
    asked: str = click.prompt(f"Password of {identifier}", hide_input=True, confirmation_prompt=new, err=True)
    return asked


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("BAD_PASSWORD_FILE", "the password file is not in UTF-8") from None
