"""Begin a transcription: open the model, name the pages, and record what identifies the run."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace

from model.line_images.rectify import RECTIFY_VERSION
from model.recogniser.bundle import Bundle, model_name
from model.recogniser.recogniser import Recogniser
from model.segmentation.finder import finder_facts
from pipelines.archive.gone import listed_names
from pipelines.archive.state import EarlierPages
from pipelines.buckets.store import is_bucket
from pipelines.cli.options import UsageError
from pipelines.pages.inputs import PageInputs, page_inputs
from pipelines.pages.names import PageNames, page_names
from pipelines.pages.networks import check_page_networks
from pipelines.tables.runs import RunStart
from pipelines.transcription.config import TranscribeConfig
from pipelines.transcription.recognise import Recognition, reading_digest


def open_recogniser(recognition: Recognition) -> Recogniser:
    """Open the model before the pipeline runs, so that errors are reported at once.

    Args:
        recognition: How lines are recognised.

    Returns:
        The recogniser; it decodes greedily if no beam search is possible.

    Raises:
        UsageError: If something cannot be used.
    """
    check_page_networks()
    try:
        return recognition.open()
    except ValueError as error:
        raise UsageError(str(error)) from None


def names_of_pages(inputs: PageInputs, config: TranscribeConfig, state: EarlierPages) -> PageNames:
    """Return how the pages of the input are called in the tables.

    Raises:
        UsageError: If a folder of the input is not below `--root`.
    """
    try:
        return page_names(inputs.roots, config.root, state.names, bool(inputs.lists))
    except ValueError as error:
        raise UsageError(f"--input {error}") from None


def begin_run(
    config: TranscribeConfig, recogniser: Recogniser, state: EarlierPages, names: PageNames
) -> RunStart:
    """Return the start of a run, with the digests of its model and preprocessing."""
    bundle, decoding = recogniser.bundle, recogniser.plan
    # A link such as `latest` leads to another model tomorrow.
    given = config.recognition.model
    model = given if is_bucket(given) else model_name(bundle.directory)
    named = replace(config, recognition=replace(config.recognition, model=model))
    digest = reading_digest(recogniser)
    newest = state.runs[-1].run_id if state.runs else ""
    how = ": ".join(filter(None, (decoding.method, decoding.note)))
    return replace(
        RunStart.now("transcribe", asdict(named), digest, newest),
        collection=config.collection,
        preprocess_digest=preprocess_digest(config.line_source, bundle),
        decoding="; ".join(filter(None, (how, bundle.note))),
        model=model,
        root=names.root,
        root_name=names.root_name,
        listed=listed_names(page_inputs(config.inputs), names),
        calibration=bundle.calibrated_on(decoding.method),
    )


def preprocess_digest(line_source: str, bundle: Bundle) -> str:
    """Return the digest of everything that determines the line images of a page.

    Args:
        line_source: Where lines come from.
        bundle: The model, which sets the height of the line images.
    """
    facts = {"lines": line_source, "line_height_px": bundle.preprocess.strip_height_px}
    facts["rectify"] = RECTIFY_VERSION
    if line_source in ("find", "auto"):
        facts |= finder_facts()
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
