"""The files of a trained model, and the digest that identifies it.

charset.json        the characters
preprocess.json     how a line image becomes network input
model.onnx          the network in float32: line images in, logits out
model.int8.onnx     the network in 8-bit integers (optional: it needs lines to calibrate on)
language_model.bin  the n-gram language model for the beam search (optional)
language_model.it.bin …
                    those of other languages, by their names (optional)
auxiliary.onnx      the auxiliary head for the beam search (optional)
recurrent_language_model.onnx
                    the recurrent language model for rescoring (optional)
decoding.json       tuned settings: weights of the search, temperatures (optional)
words.json          word counts of the training texts, for the beam search and for spelling
                    correction (optional)
weights.keras       weights for fine-tuning
saved_model.pb …    images in, text out, for TensorFlow Serving (if trained with TensorFlow)
card.json           what the model was trained on, and its accuracy
manifest.json       size and SHA-256 of each of these (models of earlier versions have none)
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from model import DEFAULT_FOLDER, DEFAULT_MODEL
from model.decoding.config import BEAM, GREEDY
from model.decoding.settings import DecodingSettings
from model.language.ngram_model import LanguageModel
from model.language.word_counts import WORDS_FILE
from model.line_images.preprocess import PreprocessConfig
from model.networks.manifest import (
    MANIFEST_FILE,
    changing,
    check_files,
    has_manifest,
    listed_files,
)
from model.text.charset import Charset

CHARSET_FILE = "charset.json"
PREPROCESS_FILE = "preprocess.json"
ONNX_FILE = "model.onnx"
WEIGHTS_FILE = "weights.keras"
CARD_FILE = "card.json"
LANGUAGE_MODEL_FILE = "language_model.bin"
DECODING_FILE = "decoding.json"
AUXILIARY_FILE = "auxiliary.onnx"
RECURRENT_FILE = "recurrent_language_model.onnx"
# In the folder of all models: a link to the newest.
LATEST = "latest"

# The network in each precision.
ONNX_FILES = {"fp32": ONNX_FILE, "int8": "model.int8.onnx"}
# What reading may depend on, beside the network in one precision.
_READ_FILES = (
    CHARSET_FILE,
    PREPROCESS_FILE,
    DECODING_FILE,
    WORDS_FILE,
    LANGUAGE_MODEL_FILE,
    AUXILIARY_FILE,
    RECURRENT_FILE,
    CARD_FILE,
)
# All files that a recogniser is made of, in any precision, but for the models of other languages.
BUNDLE_FILES = (*_READ_FILES, *ONNX_FILES.values())
_OTHER_LANGUAGE = re.compile(r"language_model\.([a-z][a-z0-9_]{0,19})\.bin")


@dataclass(frozen=True)
class Bundle:
    """A trained model: what is needed to recognise lines.

    Attributes:
        directory: Its folder.
        charset: Its characters.
        preprocess: How a line image becomes its input.
        precision: One of `ONNX_FILES`.
        decoding: Settings of the decoding tuned in training; else defaults.
        note: What could not be checked of it; empty for nothing.
    """

    directory: Path
    charset: Charset
    preprocess: PreprocessConfig
    precision: str = "fp32"
    decoding: DecodingSettings = field(default_factory=DecodingSettings)
    note: str = ""

    @property
    def onnx_path(self) -> Path:
        """Path of the network."""
        return self.directory / ONNX_FILES[self.precision]

    @property
    def auxiliary_path(self) -> Path:
        """Path of the auxiliary head, which may be missing."""
        return self.directory / AUXILIARY_FILE

    @property
    def recurrent_path(self) -> Path:
        """Path of the recurrent language model, which may be missing."""
        return self.directory / RECURRENT_FILE

    @property
    def has_language_model(self) -> bool:
        """Whether there is a language model; it may still belong to another charset."""
        return (self.directory / LANGUAGE_MODEL_FILE).is_file()

    @property
    def other_languages(self) -> tuple[str, ...]:
        """Names of the languages for which there is a language model beside its own."""
        found = map(_OTHER_LANGUAGE.fullmatch, sorted(os.listdir(self.directory)))
        return tuple(match[1] for match in found if match)

    def open_language_model(self, language: str = "") -> LanguageModel:
        """Map a language model into memory.

        Args:
            language: One of `other_languages`; empty for its own.

        Raises:
            ValueError: If it is missing or damaged, or belongs to another charset.
        """
        path = self.directory / language_file(language)
        if not path.is_file():
            raise ValueError(
                f"{self.directory}: no {path.name}; add one with python -m model.training.language"
            )
        return LanguageModel.open(path, self.charset)

    def calibrated_on(self, decoding: str = GREEDY) -> str:
        """Return what the estimates of the CER were fitted on, as far as the card says.

        Args:
            decoding: Decoding method, one of `model.decoding.config.DECODINGS`.

        Returns:
            The lines, and the CER with which they were read; empty if there are no estimates.
        """
        if self.decoding.calibration(decoding).page_error is None:
            return ""
        try:
            facts = json.loads((self.directory / CARD_FILE).read_text("utf-8"))["decoding"]
            lines, cer = int(facts["lines"]), float(facts[decoding]["cer"])
        except (OSError, ValueError, KeyError, TypeError):
            return "held-out lines"
        return f"{lines:,} held-out lines with a CER of {cer:.1%}"

    def digest(self, decoding: str = GREEDY) -> str:
        """Return the SHA-256 of everything that determines what the model reads, hex.

        Always included are network, charset and preprocessing.

        Args:
            decoding: Decoding method, one of `model.decoding.config.DECODINGS`. `BEAM` also
                includes the language models, the tuned settings, the known words and the auxiliary
                head, as far as they are used; `GREEDY` includes the error prediction, if any.
        """
        names = [ONNX_FILES[self.precision], CHARSET_FILE, PREPROCESS_FILE]
        if decoding == BEAM:
            optional = (LANGUAGE_MODEL_FILE, DECODING_FILE)
            if self.decoding.knows_words:
                optional += (WORDS_FILE,)
            if self.decoding.auxiliary_share:
                optional += (AUXILIARY_FILE,)
            if self.decoding.recurrent_share:
                optional += (RECURRENT_FILE,)
            optional += tuple(map(language_file, self.other_languages))
            names += [name for name in optional if (self.directory / name).is_file()]
        digest = hashlib.sha256()
        for name in names:
            content = (self.directory / name).read_bytes()
            digest.update(f"{name} {len(content)}\n".encode() + content)
        page_error = self.decoding.greedy.page_error
        if decoding == GREEDY and page_error:
            digest.update(f"page_error {json.dumps(asdict(page_error))}\n".encode())
        return digest.hexdigest()


def load_bundle(
    directory: str | Path, precision: str = "fp32", checks_digests: bool = True
) -> Bundle:
    """Open a model.

    Args:
        directory: Folder that training pushed; a link such as `latest` is followed. 'default', if
            there is no such folder, is the model shipped with Quire.
        precision: One of `ONNX_FILES`.
        checks_digests: Whether to compare the digests of the files with those of the manifest, and
            not their sizes alone; another process of the run may have done so.

    Returns:
        The bundle.

    Raises:
        ValueError: If a file is missing, invalid, or not the one that the manifest has.
    """
    directory = model_folder(directory)
    for name in (CHARSET_FILE, PREPROCESS_FILE, ONNX_FILES[precision]):
        if not (directory / name).is_file():
            raise ValueError(f"{directory}: no {name}; {_cure(directory, name)}")
    others = {*os.listdir(directory), *listed_files(directory)} - {*BUNDLE_FILES}
    others = sorted(filter(is_bundle_file, others))
    used = (*_READ_FILES, ONNX_FILES[precision], *others)
    check_files(directory, (*BUNDLE_FILES, *others), used if checks_digests else ())
    try:
        charset = Charset.from_json((directory / CHARSET_FILE).read_text("utf-8"))
        preprocess = PreprocessConfig.from_json((directory / PREPROCESS_FILE).read_text("utf-8"))
        decoding = _read_decoding(directory / DECODING_FILE)
    # A file of brackets is too deep for the parser.
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"{directory}: {error}") from None
    note = "" if has_manifest(directory) else f"model without {MANIFEST_FILE}: not checked"
    return Bundle(directory, charset, preprocess, precision, decoding, note)


def language_file(language: str = "") -> str:
    """Return the name of the file of a language model.

    Args:
        language: Name of another language than the bundle's own; empty for its own.

    Raises:
        ValueError: If it is not a name in small letters.

    Example:
        >>> language_file(), language_file("it")
        ('language_model.bin', 'language_model.it.bin')
    """
    name = f"language_model.{language}.bin" if language else LANGUAGE_MODEL_FILE
    if language and not _OTHER_LANGUAGE.fullmatch(name):
        raise ValueError(
            f"language {language!r}: give a name of small letters and digits, such as 'it'"
        )
    return name


def is_bundle_file(name: str) -> bool:
    """Whether a file of this name is one that a recogniser is made of.

    Example:
        >>> is_bundle_file("language_model.it.bin"), is_bundle_file("notes.txt")
        (True, False)
    """
    return name in BUNDLE_FILES or bool(_OTHER_LANGUAGE.fullmatch(name))


def model_name(directory: Path) -> str:
    """Return the name of a model: its folder, or 'default' for the one shipped with Quire.

    Args:
        directory: Its folder, as of `Bundle`.

    Example:
        >>> model_name(DEFAULT_FOLDER)
        'default'
    """
    return DEFAULT_MODEL if directory == DEFAULT_FOLDER.resolve() else str(directory)


def model_folder(directory: str | Path) -> Path:
    """Return the folder of a model, which may not exist: links followed, 'default' replaced."""
    directory = Path(directory)
    if str(directory) == DEFAULT_MODEL and not directory.exists():
        directory = DEFAULT_FOLDER
    return directory.resolve()


def _cure(directory: Path, name: str) -> str:
    """Return what to do about a folder without one of the files of a model."""
    if name == ONNX_FILES["int8"]:
        return "run with --precision fp32"
    latest = directory / LATEST
    if (latest / name).is_file():
        return f"did you mean {latest}?"
    if not directory.exists():
        return f"there is no such folder; give one that train pushed, or '{DEFAULT_MODEL}'"
    return "give a folder that train pushed"


def _read_decoding(path: Path) -> DecodingSettings:
    if not path.is_file():
        return DecodingSettings()
    try:
        return DecodingSettings.from_json(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path.name}: {error}; copy the model again or delete it") from None


def write_settings(directory: Path, charset: Charset, preprocess: PreprocessConfig) -> None:
    """Write the charset and the preprocessing of a bundle."""
    (directory / CHARSET_FILE).write_text(charset.to_json(), "utf-8")
    (directory / PREPROCESS_FILE).write_text(preprocess.to_json(), "utf-8")


def write_card(directory: Path, card: dict) -> None:
    """Write the model card as JSON."""
    text = json.dumps(card, ensure_ascii=False, indent=1, sort_keys=True)
    (directory / CARD_FILE).write_text(text + "\n", "utf-8")


def read_card(directory: Path) -> dict:
    """Return the model card; empty if there is none.

    Raises:
        ValueError: If it is not a JSON object.
    """
    path = directory / CARD_FILE
    if not path.is_file():
        return {}
    try:
        return dict(json.loads(path.read_text("utf-8")))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: not a model card ({error}); copy the model again") from None


def update_card(directory: Path, entries: dict) -> None:
    """Add entries to the model card, or replace them; the manifest is written anew."""
    card = read_card(directory) | entries
    with changing(directory):
        write_card(directory, card)


def replace_file(path: Path, data: bytes) -> None:
    """Replace a file atomically: other processes may have it open or mapped."""
    fresh = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    fresh.write_bytes(data)
    os.replace(fresh, path)
