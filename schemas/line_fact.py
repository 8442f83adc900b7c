"""Serialisation of line facts, for intermediate files."""

from __future__ import annotations

from schemas import tf_example
from schemas.records import LineFact


def encode_fact(fact: LineFact) -> bytes:
    r"""Serialise a fact as a tf.Example.

    Args:
        fact: The fact.

    Returns:
        The serialised message; equal facts give equal bytes.

    Example:
        >>> fact = LineFact("a.jpg", "l1", "train", "e3b0", b"\0", ("0:37:1a2b3",))
        >>> decode_fact(encode_fact(fact)) == fact
        True
    """
    return tf_example.encode(
        {
            "page_uri": fact.page_uri.encode(),
            "line_id": fact.line_id.encode(),
            "split": fact.split.encode(),
            "page_sha256": fact.page_sha256.encode(),
            "fingerprint": fact.fingerprint,
            "bands": " ".join(fact.bands).encode(),
        }
    )


def decode_fact(serialised: bytes) -> LineFact:
    """Deserialise a fact.

    Args:
        serialised: Message from `encode_fact`.

    Returns:
        The fact.
    """
    values = tf_example.decode(serialised)
    return LineFact(
        page_uri=values["page_uri"].decode(),
        line_id=values["line_id"].decode(),
        split=values["split"].decode(),
        page_sha256=values["page_sha256"].decode(),
        fingerprint=values["fingerprint"],
        bands=tuple(values["bands"].decode().split()),
    )
