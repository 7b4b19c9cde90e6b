"""What can go wrong on the way to a lesson, each as one line with its cure."""

from __future__ import annotations

import re

from course_door.words import say


class Problem(Exception):
    """Carry a sentence of ``words`` to the reader: what is wrong and what cures it.

    Parameters
    ----------
    key : str
        Name of the sentence in ``words.SENTENCES``.
    status : int
        Exit status of the program.
    **fields
        Values for the sentence.
    """

    def __init__(self, key: str, *, status: int = 1, **fields):
        self.key, self.status, self.fields = key, status, fields
        super().__init__(key)

    def __str__(self) -> str:
        return say(self.key, **self.fields)


# The order matters: an offline pip also says "no matching distribution", and a full disk may break a connection.
_SIGNS = (
    ("disk_full", r"No space left on device|ENOSPC|os error 28\b|WinError 112|not enough space|Disk quota exceeded"),
    ("hash_mismatch", r"DO NOT MATCH THE HASHES|[Hh]ash mismatch for|hashes are required"),
    ("files_in_use", r"WinError 32\b|used by another process|Text file busy"),
    ("certificate", r"CERTIFICATE_VERIFY_FAILED|invalid peer certificate|UnknownIssuer"),
    (
        "no_network",
        r"name resolution|Name or service not known|nodename nor servname|getaddrinfo failed|dns error"
        r"|Failed to establish a new connection|NewConnectionError|Max retries exceeded|[Tt]imed out|ConnectTimeout"
        r"|Connection (?:refused|reset|aborted)|Network is unreachable|error sending request|tcp connect error"
        r"|ProxyError|Cannot connect to proxy|tunnel error|Failed to fetch|unsuccessful tunnel",
    ),
    (
        "no_wheel",
        r"No matching distribution found|no wheels with a matching|has no (?:usable )?wheel"
        r"|doesn't have a (?:source distribution or )?wheel",
    ),
    ("no_permission", r"Permission denied|os error 13\b|Read-only file system|os error 30\b|WinError 5\b"),
)
_PACKAGE = re.compile(
    r"(?:No matching distribution found for|[Hh]ash mismatch for|^\s+)\s*`?([A-Za-z0-9][\w.-]*==[\w.+!-]+)",
    re.MULTILINE,
)


def explain(output: str, *, log: str, **fields) -> Problem:
    """Turn the words of a failed installer into a Problem.

    Parameters
    ----------
    output : str
        Everything that pip or uv said.
    log : str
        Where the reader finds all of it.
    **fields
        Further values for the sentences (``python``, ``venv``).

    Returns
    -------
    Problem
        The first cause that ``output`` shows; ``install_failed`` with its last line where it shows none.

    Examples
    --------
    >>> explain("ERROR: [Errno 28] No space left on device", log="setup.log", venv=".venv", python="3.12").key
    'disk_full'
    """
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    named = _PACKAGE.search(output)
    fields = {"log": log, "package": named.group(1) if named else "?", "last": lines[-1] if lines else "?", **fields}
    for key, sign in _SIGNS:
        if re.search(sign, output):
            return Problem(key, **fields)
    return Problem("install_failed", **fields)
