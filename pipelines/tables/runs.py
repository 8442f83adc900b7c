"""The row of a run in table `runs`: its flags, digests, account, start and end."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, fields, is_dataclass
from datetime import datetime, timezone

from pipelines.tables.account import Account
from schemas import VERSION
from schemas.tables import SCHEMA_VERSION


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
    calibration: str = ""

    @classmethod
    def now(cls, command: str, flags: dict, model_digest: str = "") -> RunStart:
        """Return a run that starts now."""
        started = datetime.now(timezone.utc)
        # Sorted by identifier, runs are in the order of their start.
        run_id = f"{started:%Y%m%dT%H%M%S-%f}-{secrets.token_hex(3)}"
        return cls(run_id, command, flags, started, model_digest=model_digest)

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
            "finished": datetime.now(timezone.utc),
            **account.columns(),
            "calibration": self.calibration or None,
        }


def digest_of(model_digest: str, preprocess_digest: str) -> str:
    """Return the digest of a model and its preprocessing together.

    Example:
        >>> digest_of("m", "p")
        'm p'
    """
    return f"{model_digest} {preprocess_digest}"
