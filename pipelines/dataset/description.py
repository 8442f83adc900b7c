"""The files that describe a dataset: charset, manifest, character audit and report."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pyarrow.parquet as pq
from apache_beam.io.filesystems import FileSystems

from model.dataset.leaks import leak_places, leaks_to_show
from model.dataset.report import build_report
from model.dataset.report_data import (
    LeakPair,
    OutcomeCounts,
    RejectKind,
    ReportData,
    SourceCount,
    kind_of_error,
)
from model.dataset.summary import DatasetSummary
from model.images.decode import decode_image
from model.recogniser.bundle import CHARSET_FILE
from model.report.contact_sheet import ReportSample, SampleReservoir, thumbnail
from model.text.charset import Charset
from pipelines.files.filesystem import read_bytes, write_bytes
from pipelines.formats.names import IMAGE_EXTENSIONS
from pipelines.tables.account import Account
from schemas import VERSION
from schemas.features import DATASET_VERSION, MANIFEST_FILE, SPLITS
from schemas.records import Leak

_SAMPLES_PER_REJECT_KIND = 6
_LEAK_STAGE = "leak"
# The lines of leaks by what `leak_places` returns: page with line, and split.
Pictures = dict[tuple[str, str], ReportSample]


@dataclass(frozen=True)
class DatasetOrigin:
    """What a dataset was made from.

    Attributes:
        title: Its name.
        flags: The configuration, as plain values.
        account: What became of all pages and lines.
        inputs_digest: Sum of the digests of its page images, hex.
    """

    title: str
    flags: dict
    account: Account
    inputs_digest: str


def describe_dataset(
    summary: DatasetSummary, dataset: str, origin: DatasetOrigin, pictures: Pictures
) -> None:
    """Write charset.json, manifest.json, characters.json and report.html.

    Args:
        summary: What the dataset holds.
        dataset: Its folder, with `failures` and `leaks.jsonl`.
        origin: What it was made from.
        pictures: The lines of the leaks that the report shows, by `leak_places`.
    """
    charset = Charset(tuple(sorted(summary.train_characters)))
    manifest = json.dumps(_manifest(summary, origin), ensure_ascii=False, indent=1, sort_keys=True)
    for name, text in (
        (CHARSET_FILE, charset.to_json()),
        (MANIFEST_FILE, f"{manifest}\n"),
        ("characters.json", summary.audit.to_json()),
        ("report.html", build_report(_report_data(summary, dataset, origin, pictures))),
    ):
        write_bytes(f"{dataset}/{name}", text.encode())


def _manifest(summary: DatasetSummary, origin: DatasetOrigin) -> dict:
    return {
        "code_version": VERSION,
        "schema_version": DATASET_VERSION,
        "flags": origin.flags,
        "counts": origin.account.columns(),
        "splits": {split: summary.lines_of_split(split) for split in SPLITS},
        "sources": sorted({source for source, _ in summary.lines}),
        "charset_size": len(summary.train_characters),
        "inputs_digest": origin.inputs_digest,
        "dataset_digest": summary.hex_digest(),
    }


def _report_data(
    summary: DatasetSummary, dataset: str, origin: DatasetOrigin, pictures: Pictures
) -> ReportData:
    account = origin.account
    rows = read_bytes(f"{dataset}/leaks.jsonl").splitlines()
    leaks = [Leak(**json.loads(row)) for row in rows]
    rejected = account.lines_failed + account.lines_dropped
    return ReportData(
        title=origin.title,
        facts=(
            ("Made with", f"Quire {VERSION}"),
            ("Dataset digest", summary.hex_digest()),
            ("Inputs digest", origin.inputs_digest),
        ),
        account=(
            OutcomeCounts(
                "pages",
                account.pages_in,
                account.pages_ok,
                account.pages_failed,
                account.pages_skipped,
            ),
            OutcomeCounts("lines", account.lines_in, account.lines_ok, rejected),
        ),
        counts=tuple(
            SourceCount(source, split, len(summary.page_digests[source, split]), lines)
            for (source, split), lines in sorted(summary.lines.items())
        ),
        widths_px=summary.widths_px,
        heights_px=summary.heights_px,
        text_lengths=summary.text_lengths,
        characters=summary.audit.rows(),
        dominant_script=summary.audit.dominant_script(),
        leak_count=len(leaks),
        leaks=tuple(_leak_pair(leak, pictures) for leak in leaks_to_show(leaks)),
        rejects=_reject_kinds(dataset),
        accepted=summary.samples.samples(),
    )


def _leak_pair(leak: Leak, pictures: Pictures) -> LeakPair:
    kept, other = (pictures[place] for place in leak_places(leak))
    outcome = "dropped from train" if leak.split == "train" else f"also in {leak.split}"
    return LeakPair(leak.kind, kept, replace(other, note=outcome))


def _reject_kinds(dataset: str) -> tuple[RejectKind, ...]:
    """Group the rejects by stage and reason; leaks have a section of their own in the report."""
    counts: dict[tuple[str, str], int] = {}
    samples: dict[tuple[str, str], SampleReservoir] = {}
    for row in _failures(dataset):
        if row["stage"] == _LEAK_STAGE:
            continue
        kind = row["stage"], kind_of_error(row["error"])
        counts[kind] = counts.get(kind, 0) + 1
        reservoir = samples.setdefault(kind, SampleReservoir(_SAMPLES_PER_REJECT_KIND))
        place = f"{row['uri']} {row['line_id']}".strip()
        reservoir.add(place, ReportSample(place, note=row["error"], text=row["uri"]))
    return tuple(
        RejectKind(
            stage, reason, count, tuple(map(_with_picture, samples[stage, reason].samples()))
        )
        for (stage, reason), count in sorted(counts.items())
    )


def _with_picture(sample: ReportSample) -> ReportSample:
    """Return a sample with a thumbnail of its page, if that is an image that can be read."""
    uri = sample.text
    image = b""
    if uri.lower().endswith(IMAGE_EXTENSIONS):
        try:
            image = thumbnail(decode_image(read_bytes(uri)))
        except (OSError, ValueError):
            image = b""
    return ReportSample(sample.uri, note=sample.note, image=image)


def _failures(dataset: str) -> Iterator[dict]:
    for match in FileSystems.match([f"{dataset}/failures/*.parquet"]):
        for metadata in match.metadata_list:
            with FileSystems.open(metadata.path) as file:
                parquet = pq.ParquetFile(file)
                # Some versions of pyarrow cannot iterate over a table without rows.
                for batch in parquet.iter_batches() if parquet.num_row_groups else ():
                    yield from batch.to_pylist()


def title_of(output: str) -> str:
    """Return the name of a dataset: that of its folder.

    Example:
        >>> title_of("out/letters_1858/")
        'letters_1858'
    """
    return posixpath.basename(output.rstrip("/"))
