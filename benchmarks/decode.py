"""Cost and gain of decoding: best path against beam search with a language model.

    python -m benchmarks.decode --model MODEL --dataset DATASET

Builds language model and lexicon from the texts of the train split, tunes their weights on the
eval split, and decodes the test split. Prints CER, WER and CPU milliseconds per line of the
best path, of the beam search, of the beam search with rescoring by the model's recurrent language
model if it has one, and of the whole decoder with probabilities; and the CPU time of the network.
Each line is decoded once.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from model.dataset.examples import decode_strip, read_examples
from model.decoding.beam_search import beam_search, search_frames
from model.decoding.config import BEAM, GREEDY, BeamConfig, DecodingConfig
from model.decoding.ctc import Beam, decode_greedy
from model.decoding.decoder import Decoder
from model.decoding.prefix_weights import PrefixWeights
from model.evaluation.metrics import error_rates
from model.language.lexicon import Lexicon
from model.language.ngram_build import ORDER, build_language_model
from model.language.ngram_model import LanguageModel
from model.language.perplexity import perplexity
from model.language.word_counts import count_words
from model.recogniser.bundle import load_bundle
from model.recogniser.decoding_plan import open_rescorer
from model.recogniser.recogniser import Recogniser
from model.training.language.beam_tuning import tune_weights

_TUNED_ON = 300
_STEPS = 256


def _examples(dataset: Path, split: str):
    paths = sorted(str(path) for path in dataset.glob(f"{split}/*.tfrecord.gz"))
    return list(read_examples(paths))


def _timed(name: str, read: Callable, lines: list[tuple[np.ndarray, str]]) -> None:
    """Decode all lines one way, and print the time and the errors."""
    started = time.process_time()
    texts = [read(logits) for logits, _ in lines]
    took_ms = (time.process_time() - started) / len(lines) * 1000
    per_steps = took_ms * _STEPS / np.mean([len(logits) for logits, _ in lines])
    cer, wer = error_rates((truth, text) for (_, truth), text in zip(lines, texts))
    print(
        f"{name:28} CER {cer.rate:7.2%}  WER {wer.rate:7.2%}  "
        f"{took_ms:6.2f} ms per line, {per_steps:6.2f} ms per {_STEPS} time steps"
    )


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--order", type=int, default=ORDER)
    flags = parser.parse_args()
    bundle = load_bundle(flags.model)
    charset = bundle.charset

    def read(split: str, method: str, most: int | None = None) -> list[tuple[np.ndarray, str]]:
        """Return logits and texts; those for the beam search may include the auxiliary head."""
        recogniser = Recogniser(bundle, DecodingConfig(method))
        lines = _examples(flags.dataset, split)[:most]
        return [(recogniser.logits(decode_strip(line)), line.text) for line in lines]

    texts = [line.text for line in _examples(flags.dataset, "train")]
    lexicon = Lexicon(count_words(texts))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "language_model.bin")
        path.write_bytes(build_language_model(texts, charset, flags.order))
        language_model = LanguageModel.open(path, charset)
        eval_lines = read("eval", BEAM, _TUNED_ON)
        config, _ = tune_weights(eval_lines, charset, BeamConfig(), language_model, lexicon)
        started = time.process_time()
        lines = read("test", GREEDY)
        network_ms = (time.process_time() - started) / len(lines) * 1000
        test_perplexity = perplexity((text for _, text in lines), language_model)
        print(
            f"{len(lines)} lines, {charset.class_count} classes, perplexity {test_perplexity:.2f}"
        )
        print(f"network {network_ms:.2f} ms per line; {config}")
        # A new instance, because the first one has cached the contexts of the tuning.
        language_model = LanguageModel.open(path, charset)
        weights = PrefixWeights(charset, config, language_model, lexicon)
        _timed("best path", lambda logits: decode_greedy(logits, charset)[0], lines)

        lines = read("test", BEAM)

        def search(logits: np.ndarray) -> list[Beam]:
            return beam_search(search_frames(logits, config, weights), config, weights)

        _timed(
            f"beam of {config.width}",
            lambda logits: charset.decode(search(logits)[0].labels),
            lines,
        )
        rescorer = open_rescorer(bundle, language_model)
        if rescorer:
            _timed(
                "... and rescoring",
                lambda logits: charset.decode(
                    rescorer.rescore(search(logits), config.lm_weight)[0].labels
                ),
                lines,
            )
        decoder = Decoder(charset, config, language_model, lexicon, rescorer=rescorer)
        _timed("... with probabilities", lambda logits: decoder.decode(logits).text, lines)


if __name__ == "__main__":
    main()
