"""What a trained model is on disk, and the digest that names it.

charset.json        the characters
preprocess.json     how a strip becomes network input
model.onnx          strips in, logits out, in float32
model.int8.onnx     the same in 8-bit integers (where training had lines to measure on)
language_model.bin  how likely a character is after others, for the beam search (may be missing)
auxiliary.onnx      the auxiliary head, a second opinion for the beam search (may be missing)
recurrent_language_model.onnx
                    how likely the texts are that the search ends with (may be missing)
decoding.json       what was tuned: weights of the search, temperatures (may be missing)
words.json          how often training met each word, for the beam search and for hints at the
                    spelling (may be missing)
weights.keras       to fine-tune from
saved_model.pb …    images in, text out, for TensorFlow Serving (where trained on it)
card.json           what it was trained on and how well it reads
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from model import DEFAULT_FOLDER, DEFAULT_MODEL
from model.decoding.config import BEAM, GREEDY
from model.decoding.settings import DecodingSettings
from model.language.ngram_model import LanguageModel
from model.language.word_counts import WORDS_FILE
from model.line_images.preprocess import PreprocessConfig
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

# The network in each precision.
ONNX_FILES = {"fp32": ONNX_FILE, "int8": "model.int8.onnx"}


@dataclass(frozen=True)
class Bundle:
    """A trained model, as far as reading lines needs it.

    Attributes:
        directory: Where it lies.
        charset: Its characters.
        preprocess: How a strip becomes its input.
        precision: One of `ONNX_FILES`.
        decoding: What training found out about decoding; what is usual where it did not.
    """

    directory: Path
    charset: Charset
    preprocess: PreprocessConfig
    precision: str = "fp32"
    decoding: DecodingSettings = field(default_factory=DecodingSettings)

    @property
    def onnx_path(self) -> Path:
        """The network."""
        return self.directory / ONNX_FILES[self.precision]

    @property
    def auxiliary_path(self) -> Path:
        """The auxiliary head, which may be missing."""
        return self.directory / AUXILIARY_FILE

    @property
    def recurrent_path(self) -> Path:
        """The recurrent language model, which may be missing."""
        return self.directory / RECURRENT_FILE

    @property
    def has_language_model(self) -> bool:
        """Whether it has one; it may still be of another charset."""
        return (self.directory / LANGUAGE_MODEL_FILE).is_file()

    def open_language_model(self) -> LanguageModel:
        """Map the language model into memory.

        Raises:
            ValueError: If there is none, or one of another charset, or a damaged one.
        """
        if not self.has_language_model:
            raise ValueError(
                f"{self.directory}: no {LANGUAGE_MODEL_FILE}; "
                "add one with python -m model.training.language"
            )
        return LanguageModel.open(self.directory / LANGUAGE_MODEL_FILE, self.charset)

    def digest(self, decoding: str = GREEDY) -> str:
        """Name what the model does: SHA-256 of network, charset and preprocessing, hex.

        Args:
            decoding: How lines are read, one of `model.decoding.config.DECODINGS`; for `BEAM` the
                language models, what was tuned for them, the words that they know and the
                auxiliary head, as far as they are asked, go into the digest, for `GREEDY` what
                predicts errors, if something does.
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
            names += [name for name in optional if (self.directory / name).is_file()]
        digest = hashlib.sha256()
        for name in names:
            content = (self.directory / name).read_bytes()
            digest.update(f"{name} {len(content)}\n".encode() + content)
        page_error = self.decoding.greedy.page_error
        if decoding == GREEDY and page_error:
            digest.update(f"page_error {json.dumps(asdict(page_error))}\n".encode())
        return digest.hexdigest()


def load_bundle(directory: str | Path, precision: str = "fp32") -> Bundle:
    """Open a model.

    Args:
        directory: The folder that training pushed; a link such as `latest` is followed.
            'default', where there is no such folder, is the model that comes with Quire.
        precision: One of `ONNX_FILES`.

    Returns:
        The bundle.

    Raises:
        ValueError: If a file is missing or does not hold what it should.
    """
    directory = Path(directory)
    if str(directory) == DEFAULT_MODEL and not directory.exists():
        directory = DEFAULT_FOLDER
    directory = directory.resolve()
    for name in (CHARSET_FILE, PREPROCESS_FILE, ONNX_FILES[precision]):
        if not (directory / name).is_file():
            lacks_int8 = name == ONNX_FILES["int8"]
            cure = "run with --precision fp32" if lacks_int8 else "give a folder that train pushed"
            raise ValueError(f"{directory}: no {name}; {cure}")
    try:
        charset = Charset.from_json((directory / CHARSET_FILE).read_text("utf-8"))
        preprocess = PreprocessConfig.from_json((directory / PREPROCESS_FILE).read_text("utf-8"))
        decoding = _read_decoding(directory / DECODING_FILE)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{directory}: {error}") from None
    return Bundle(directory, charset, preprocess, precision, decoding)


def _read_decoding(path: Path) -> DecodingSettings:
    if not path.is_file():
        return DecodingSettings()
    try:
        return DecodingSettings.from_json(path.read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}; copy the model again or delete it") from None


def write_settings(directory: Path, charset: Charset, preprocess: PreprocessConfig) -> None:
    """Write the two small files of a bundle that are not the network."""
    (directory / CHARSET_FILE).write_text(charset.to_json(), "utf-8")
    (directory / PREPROCESS_FILE).write_text(preprocess.to_json(), "utf-8")


def write_card(directory: Path, card: dict) -> None:
    """Write the model card as JSON."""
    text = json.dumps(card, ensure_ascii=False, indent=1, sort_keys=True)
    (directory / CARD_FILE).write_text(text + "\n", "utf-8")


def replace_file(path: Path, data: bytes) -> None:
    """Write a file that others may have open or mapped: it changes in one step."""
    fresh = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    fresh.write_bytes(data)
    os.replace(fresh, path)
