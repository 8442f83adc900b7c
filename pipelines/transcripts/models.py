"""The models that there are, and the runs that used them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from model import DEFAULT_FOLDER
from model.decoding.config import GREEDY
from model.recogniser.bundle import CARD_FILE, CHARSET_FILE, ONNX_FILES, load_bundle, model_name
from model.recogniser.quality import BALANCED, choose_reading
from pipelines.cli.options import UsageError
from schemas import VERSION
from schemas.features import SPLITS

_SHOWN_DIGITS = 12


@dataclass(frozen=True)
class ModelRun:
    """A run that used a model.

    Attributes:
        run_id: Identifier of the run.
        model: Folder of the model as the run names it.
        model_digest: Digest of the model as it was used.
        decoding: How it was decoded.
    """

    run_id: str
    model: str
    model_digest: str
    decoding: str


@dataclass(frozen=True)
class ModelFacts:
    """What is known of a model.

    Attributes:
        model: Its folder; 'default' for the one that comes with Quire.
        links: Names of links to it, such as 'latest'.
        created: When it was made; for the one that comes with Quire, its version.
        preset: Size of its network; empty if that is unknown.
        base: The model that it was fine-tuned from; empty for none.
        data: What it was trained on.
        cer: CER on the lines that were held out in its training; None if that is unknown.
        cer_beam: The same with the beam search.
        digest: Digest of the model as transcribe reads with it unless told otherwise: as in
            `model_digest` of such a run.
        runs: The runs that used it, newest first.
    """

    model: str
    links: str
    created: str
    preset: str
    base: str
    data: str
    cer: float | None
    cer_beam: float | None
    digest: str
    runs: tuple[str, ...] = ()


def list_models(folders: Sequence[str], runs: Iterable[ModelRun]) -> list[ModelFacts]:
    """List the model that comes with Quire, and those in some folders.

    Args:
        folders: Folders of models, or of several such folders.
        runs: Runs that may have used them.

    Raises:
        UsageError: If a folder has no model.
    """
    links: dict[Path, list[str]] = {DEFAULT_FOLDER.resolve(): []}
    for folder in folders:
        found = list(_bundles(Path(folder)))
        if not found:
            raise UsageError(f"{folder}: no model in it; give a folder that train wrote")
        for path in found:
            names = links.setdefault(path.resolve(), [])
            names += [path.name] if path.is_symlink() else []
    of_runs = list(runs)
    listed = [_facts(path, names, of_runs) for path, names in links.items()]
    return [*listed, *_unlisted(listed, of_runs)]


def _unlisted(listed: Sequence[ModelFacts], runs: Sequence[ModelRun]) -> Iterator[ModelFacts]:
    """Yield the models of runs that are in none of the folders, of which only the name is known."""
    known = {run_id for facts in listed for run_id in facts.runs}
    names = {facts.model for facts in listed}
    others: dict[str, list[ModelRun]] = {}
    for run in runs:
        if run.run_id not in known:
            others.setdefault(run.model, []).append(run)
    for model, of_model in sorted(others.items()):
        newest = sorted(of_model, key=lambda run: run.run_id, reverse=True)
        ids = tuple(run.run_id for run in newest)
        note = "another model, which was there before" if model in names else "not in --models"
        yield ModelFacts(model, "", "", "", "", note, None, None, newest[0].model_digest, ids)


def _bundles(folder: Path) -> Iterator[Path]:
    for path in (folder, *sorted(folder.iterdir() if folder.is_dir() else ())):
        if (path / CHARSET_FILE).is_file() and (path / ONNX_FILES["fp32"]).is_file():
            yield path


def _facts(folder: Path, links: list[str], runs: Iterable[ModelRun]) -> ModelFacts:
    card, name = _read_card(folder), model_name(folder)
    decoding = card.get("decoding") or {}
    course = card.get("course") or [{}]
    overall = (card.get("evaluation") or {}).get("overall") or {}
    cers = (overall.get("cer"), (decoding.get("greedy") or {}).get("cer"), course[-1].get("cer"))
    base = card.get("base") or {}
    is_ours = folder == DEFAULT_FOLDER.resolve()
    bundles = {
        precision: load_bundle(folder, precision)
        for precision, file in ONNX_FILES.items()
        if (folder / file).is_file()
    }
    digests = [bundle.digest(GREEDY) for bundle in bundles.values()]
    choice = choose_reading(str(folder), BALANCED)
    return ModelFacts(
        name,
        ", ".join(links),
        card.get("created") or (f"Quire {VERSION}" if is_ours else _modified(folder)),
        card.get("preset") or (card.get("training") or {}).get("preset", ""),
        f"{base.get('name', '')} {base['digest'][:_SHOWN_DIGITS]}".strip() if base else "",
        _data(card),
        next((cer for cer in cers if cer is not None), None),
        (decoding.get("beam") or {}).get("cer"),
        bundles[choice.precision].digest(choice.decoding),
        tuple(sorted((run.run_id for run in runs if _used(run, name, digests)), reverse=True)),
    )


def _read_card(folder: Path) -> dict:
    path = folder / CARD_FILE
    try:
        card = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    except ValueError as error:
        raise UsageError(f"{path}: {error}; copy the model again or delete this file") from None
    return card if isinstance(card, dict) else {}


def _modified(folder: Path) -> str:
    changed_s = os.path.getmtime(folder / ONNX_FILES["fp32"])
    return datetime.fromtimestamp(changed_s, timezone.utc).isoformat(timespec="seconds")


def _data(card: dict) -> str:
    dataset = card.get("dataset") or {}
    lines = dataset.get("lines") or {}
    counts = ", ".join(f"{lines[split]:,} lines in {split}" for split in SPLITS if split in lines)
    if not counts and (count := (card.get("language_model") or {}).get("lines")):
        counts = f"{count:,} lines"
    return ": ".join(filter(None, (dataset.get("name", ""), counts)))


def _used(run: ModelRun, name: str, digests: Iterable[str]) -> bool:
    """Return whether a run used a model: its digest if that tells, else its folder."""
    if run.decoding.startswith(GREEDY) or not run.decoding:
        return run.model_digest in digests
    # The digest of a beam search depends on its settings, too.
    return run.model == name
