"""Two derived features of a line: the length and the script of its text.

The Evaluator slices errors by them, and `components.drift_gate` compares splits by them.
`LineExampleGen` adds them when it imports lines into TFX; datasets on disk do not have them.
"""

from __future__ import annotations

from model.dataset.audit import CharacterAudit
from schemas import tf_example

LINE_LENGTH = "line_length"
SCRIPT = "script"
NO_SCRIPT = "none"

# Longest text of each band in characters; the last band is open-ended.
_BAND_ENDS = (20, 40, 60)
_BANDS = ("1-20", "21-40", "41-60", "61+")

_BAND_VALUES = " ".join(f'value: "{band}"' for band in _BANDS)
# To be appended to schemas/line.pbtxt.
SCHEMA_TEXT = f"""
feature {{ name: "{LINE_LENGTH}" type: BYTES presence {{ min_fraction: 1 min_count: 1 }} shape {{}}
  domain: "{LINE_LENGTH}" }}
feature {{ name: "{SCRIPT}" type: BYTES presence {{ min_fraction: 1 min_count: 1 }} shape {{}} }}
string_domain {{ name: "{LINE_LENGTH}" {_BAND_VALUES} }}
"""


def length_band(text: str) -> str:
    """Return the band of the length of a text in characters.

    Example:
        >>> length_band("le 12 mai"), length_band("x" * 61)
        ('1-20', '61+')
    """
    return _BANDS[sum(len(text) > end for end in _BAND_ENDS)]


def script_of_text(text: str) -> str:
    """Return the name of the script of most letters of a text.

    Example:
        >>> script_of_text("le 12 mai"), script_of_text("1891")
        ('Latin', 'none')
    """
    audit = CharacterAudit()
    audit.add(text, "")
    return audit.dominant_script() or NO_SCRIPT


def describe_line(record: bytes) -> bytes:
    """Add length and script to a line; its other features are validated later, by the schema.

    Args:
        record: A serialised tf.Example.

    Returns:
        The serialised example with the two additional features.
    """
    example = tf_example.Example.FromString(record)
    texts = example.features.feature["text"].bytes_list.value if _has_text(example) else [b""]
    text = texts[0].decode(errors="replace")
    for name, value in ((LINE_LENGTH, length_band(text)), (SCRIPT, script_of_text(text))):
        example.features.feature[name].bytes_list.value[:] = [value.encode()]
    return example.SerializeToString(deterministic=True)


def _has_text(example) -> bool:
    # Reading a missing key of a protobuf map would insert it.
    features = example.features.feature
    return "text" in features and len(features["text"].bytes_list.value) > 0
