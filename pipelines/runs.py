"""The row of table `runs`: what was asked, what came out, when."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime, timezone

from pipelines.account import Account
from schemas import VERSION


def plain(value):
    """Turn a configuration into values that JSON knows.

    Example:
        >>> plain({"a": frozenset("cb"), "b": (1, None)})
        {'a': ['b', 'c'], 'b': [1, None]}
    """
    if is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(map(plain, value))
    if isinstance(value, (list, tuple)):
        return list(map(plain, value))
    return value


@dataclass(frozen=True)
class RunStart:
    """A run that has begun.

    Attributes:
        command: The verb.
        flags: The configuration, as plain values.
        started: When, UTC.
    """

    command: str
    flags: dict
    started: datetime

    @classmethod
    def now(cls, command: str, flags: dict) -> RunStart:
        """Begin a run."""
        return cls(command, flags, datetime.now(timezone.utc))

    def row(self, account: Account, model_digest: str = "") -> dict:
        """Make the row of `runs`, at the end of the run.

        Args:
            account: What became of everything.
            model_digest: Digest of the model; empty where none was used.

        Returns:
            Column to value.
        """
        return {
            "run_id": f"{self.started:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}",
            "command": self.command,
            "code_version": VERSION,
            "flags": json.dumps(self.flags, ensure_ascii=False, sort_keys=True),
            "model_digest": model_digest,
            "started": self.started,
            "finished": datetime.now(timezone.utc),
            **account.columns(),
        }
