"""The row of a run in table `runs`: its flags, digests, account, start and end."""

from __future__ import annotations

import json
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, is_dataclass
from datetime import datetime, timedelta, timezone

from pipelines.tables.account import Account
from schemas import VERSION
from schemas.tables import SCHEMA_VERSION

_TIME = "%Y%m%dT%H%M%S-%f"


def plain(value):
    """Convert a configuration to values that JSON can represent.

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
    """A run that has started.

    Attributes:
        run_id: Identifier of the run.
        command: Name of the command.
        flags: The configuration, as plain values.
        started: Start time, UTC.
        collection: Partition of the tables that it writes to; empty if they have none.
        model_digest: Identifies the model; empty if none is used.
        preprocess_digest: Identifies everything that determines the line images.
        decoding: Decoding method, and the reason if it is a fallback.
        model: Folder of the model; 'default' for the bundled one, empty if none is used.
        root: Folder that the names of local pages start from; may be empty.
        root_name: Start of those names; None unless `--root` was given.
        listed: Names of all that it listed, as regular expressions.
        calibration: What estimates of the CER were fitted on; empty for nothing.
    """

    run_id: str
    command: str
    flags: dict
    started: datetime
    collection: str = ""
    model_digest: str = ""
    preprocess_digest: str = ""
    decoding: str = ""
    model: str = ""
    root: str = ""
    root_name: str | None = None
    listed: tuple[str, ...] = ()
    calibration: str = ""

    @classmethod
    def now(cls, command: str, flags: dict, model_digest: str = "", after: str = "") -> RunStart:
        """Return a run that starts now.

        Args:
            command: Name of the command.
            flags: The configuration, as plain values.
            model_digest: Identifies the model.
            after: Identifier of the newest earlier run; empty for none.
        """
        started = datetime.now(timezone.utc)
        return cls(identifier(started, after), command, flags, started, model_digest=model_digest)

    @property
    def digest(self) -> str:
        """Identifies model and preprocessing together."""
        return digest_of(self.model_digest, self.preprocess_digest)

    def to_json(self) -> str:
        """Serialise the run, in case it is killed."""
        values = {"schema_version": SCHEMA_VERSION, "started": self.started.isoformat()}
        return json.dumps(asdict(self) | values)

    @classmethod
    def from_json(cls, text: str) -> RunStart:
        """Return the run that `to_json` serialised.

        Raises:
            ValueError: If the tables of that run have another major version of the schema.
        """
        values = json.loads(text)
        version = values.pop("schema_version")
        # A minor version only added columns.
        if version.split(".")[0] != SCHEMA_VERSION.split(".")[0]:
            raise ValueError(
                f"a run whose tables have schema {version} was not finished; run again with the "
                "version of Quire that began it, or delete this folder"
            )
        return cls(**values | {"started": datetime.fromisoformat(values["started"])})

    def row(self, account: Account, status: str = "complete") -> dict:
        """Return the row of `runs`, at the end of the run.

        Args:
            account: Counts of pages and lines.
            status: 'complete' or 'interrupted'.

        Returns:
            Values by column.
        """
        return {
            "run_id": self.run_id,
            "command": self.command,
            "status": status,
            "code_version": VERSION,
            "flags": json.dumps(self.flags, ensure_ascii=False, sort_keys=True),
            "model_digest": self.model_digest,
            "preprocess_digest": self.preprocess_digest,
            "decoding": self.decoding,
            "started": self.started,
            # Another machine may have begun it, whose clock is ahead.
            "finished": max(datetime.now(timezone.utc), self.started),
            **account.columns(),
            "model": self.model,
            "root": self.root or None,
            "root_name": self.root_name,
            "listed": "\n".join(self.listed),
            "calibration": self.calibration or None,
        }


def flags_of(text: str | None) -> dict:
    """Return the flags in a row of `runs`; none if another program has written it.

    Example:
        >>> flags_of('{"jobs": 2}'), flags_of("x"), flags_of(None)
        ({'jobs': 2}, {}, {})
    """
    try:
        flags = json.loads(text or "{}")
    except ValueError:
        flags = {}
    return flags if isinstance(flags, dict) else {}


def identifier(time: datetime, after: str = "") -> str:
    """Return an identifier for a run, which sorts by its start.

    Tables tell by these identifiers which of two runs is the newer one. So they sort in the order
    of the runs even if the clock was set back, or is behind that of another machine.

    Args:
        time: Now, UTC.
        after: Identifier of the newest earlier run; empty for none.

    Example:
        >>> identifier(datetime(2026, 1, 2), "20260102T090000-000000-aaaaaa")[:22]
        '20260102T090000-000001'
    """
    if after[:22] >= f"{time:{_TIME}}":
        with suppress(ValueError):
            time = datetime.strptime(after[:22], _TIME) + timedelta(microseconds=1)
    return f"{time:{_TIME}}-{secrets.token_hex(3)}"


def digest_of(model_digest: str, preprocess_digest: str) -> str:
    """Return the digest of a model and its preprocessing together.

    Example:
        >>> digest_of("m", "p")
        'm p'
    """
    return f"{model_digest} {preprocess_digest}"
