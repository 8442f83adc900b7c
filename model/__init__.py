"""Handwritten text recognition on arrays and text, without Beam and TFX.

The names in `__all__` are the public interface; each is imported when it is first used, so
`import model` is quick and imports no library.

Example:
    >>> from model import character_errors
    >>> character_errors("notaire", "notaine").edits
    1
"""

from importlib import import_module
from pathlib import Path

# The model that comes with the package, and the name that stands for it in --model and --init.
DEFAULT_MODEL = "default"
DEFAULT_FOLDER = Path(__file__).with_name(DEFAULT_MODEL)

_MODULES = {
    "Bundle": "model.recogniser.bundle",
    "DecodingConfig": "model.decoding.config",
    "ErrorCount": "model.evaluation.metrics",
    "PredictedLine": "model.recogniser.prediction",
    "Prediction": "model.recogniser.prediction",
    "Recogniser": "model.recogniser.recogniser",
    "Speller": "model.language.spelling",
    "SpellingConfig": "model.language.spelling",
    "character_errors": "model.evaluation.metrics",
    "compose_text": "model.synthetic.texts",
    "count_words": "model.language.word_counts",
    "decode_image": "model.images.decode",
    "draw_page": "model.synthetic.pages",
    "draw_prediction": "model.pictures.prediction",
    "error_rates": "model.evaluation.metrics",
    "load_bundle": "model.recogniser.bundle",
    "predict_image": "model.recogniser.prediction",
    "read_model_words": "model.language.word_counts",
    "word_errors": "model.evaluation.metrics",
}

__all__ = ["DEFAULT_FOLDER", "DEFAULT_MODEL", *_MODULES]


def __getattr__(name: str):
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_MODULES[name]), name)
    # Found directly from now on.
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
