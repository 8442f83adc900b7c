"""The files that training writes at the end: the bundle, and its 8-bit network."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from model.dataset.tfrecord import read_records
from model.line_images.preprocess import PreprocessConfig, prepare_strip
from model.networks.manifest import MANIFEST_FILE
from model.networks.presets import preset_named
from model.recogniser import bundle
from model.text.charset import Charset

# More lines hardly change the measured ranges, and each takes a while to run.
_CALIBRATION_LINES = 200


def quantise_bundle(directory: Path, train_paths: tuple[str, ...]) -> None:
    """Quantise the network of a bundle to 8-bit integers and add it to the bundle.

    Args:
        directory: Folder of the bundle.
        train_paths: TFRecord files; lines evenly spread over them are used for calibration.
    """
    from model.dataset.examples import decode_strip, read_examples
    from model.training.networks.quantise import quantise_network

    whole = bundle.load_bundle(directory)
    line_count = sum(1 for path in train_paths for _ in read_records(path))
    step = -(-line_count // _CALIBRATION_LINES)
    examples = islice(read_examples(train_paths), 0, None, step)
    strips = (prepare_strip(decode_strip(example), whole.preprocess) for example in examples)
    quantise_network(whole.onnx_path, strips, directory / bundle.ONNX_FILES["int8"])


def write_bundle(
    directory: Path, model, charset: Charset, preprocess: PreprocessConfig, preset: str, card: dict
) -> None:
    """Write the bundle of a trained model; `model.recogniser.bundle` lists its files.

    The manifest is written once the bundle is complete, by
    `model.training.language.build.add_language_model`.

    Args:
        directory: Folder to write to; created if missing.
        model: Trained network from `build_crnn`.
        charset: Its charset.
        preprocess: How a line strip becomes its input.
        preset: Name of its preset.
        card: Content of the model card.
    """
    import keras

    from model.training.networks.recogniser import without_auxiliary
    from model.training.networks.recogniser_onnx import export_auxiliary, export_onnx

    directory.mkdir(parents=True, exist_ok=True)
    (directory / MANIFEST_FILE).unlink(missing_ok=True)
    if keras.backend.backend() == "tensorflow":
        from model.training.networks.saved_model import write_saved_model

        write_saved_model(directory, without_auxiliary(model), charset, preprocess)
    network = export_onnx(model, preset_named(preset))
    (directory / bundle.ONNX_FILE).write_bytes(network.SerializeToString())
    auxiliary = export_auxiliary(model, preset_named(preset))
    (directory / bundle.AUXILIARY_FILE).write_bytes(auxiliary.SerializeToString())
    model.save(directory / bundle.WEIGHTS_FILE)
    bundle.write_settings(directory, charset, preprocess)
    bundle.write_card(directory, card)
