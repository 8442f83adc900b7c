"""Switch off types of Arrow that are pickled: to read a table with one runs code of its author.

pyarrow 14.0.1 and later do so themselves (CVE-2023-47248).
"""

from __future__ import annotations

from contextlib import suppress

import pyarrow as pa

_NAME = "arrow.py_extension_type"
_FIRST_SAFE = 15


class _RefusedType(pa.ExtensionType):
    """Stands in for any pickled type."""

    def __init__(self):
        super().__init__(pa.null(), _NAME)

    def __arrow_ext_serialize__(self) -> bytes:
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, storage_type: pa.DataType, serialized: bytes):
        raise pa.ArrowNotImplementedError("a pickled type, which is never read")


def refuse_pickled_types() -> None:
    """Let pyarrow raise an error for a table with a column of a pickled type."""
    if int(pa.__version__.split(".")[0]) >= _FIRST_SAFE:
        return
    # Beam imports it, if it is installed; its error is many lines, and would come later than ours.
    with suppress(ImportError):
        import pyarrow_hotfix  # noqa: F401
    pa.unregister_extension_type(_NAME)
    # One of the name has to be there: pyarrow takes it away as the process ends.
    pa.register_extension_type(_RefusedType())
