"""Generate transcripts of many lines: python -m benchmarks.serve.tables OUT --lines 1000000.

Words follow Zipf's law. Letters are in doubt as often as the default model doubts them.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from schemas.tables import TABLES

RUN_ID = "20260101T000000-000000-000000"
_LINES_A_PAGE, _WORDS_A_LINE, _VOCABULARY = 30, 7, 60_000
_SYLLABLES = [first + vowel for first in "bcdfgjlmnprstv" for vowel in "aeéiou"]
# 1 letter in 7 has another one with at least 5 %, as on pages of three archives.
_DOUBTFUL = 0.14
_GROUP_LINES = 20_000


def write_tables(folder: Path, line_count: int, seed: int = 0) -> None:
    """Write transcripts of one run.

    Args:
        folder: Folder to write.
        line_count: Lines.
        seed: Another seed gives other texts.
    """
    random = np.random.default_rng(seed)
    words = _words(random)
    uris = [
        f"scans/{n // 200:04d}/page_{n:06d}.jpg" for n in range(-(-line_count // _LINES_A_PAGE))
    ]
    name = f"collection=all/{RUN_ID}-00000.parquet"
    with _writer(folder / "lines" / name, "lines") as writer:
        for first in range(0, line_count, _GROUP_LINES):
            count = min(_GROUP_LINES, line_count - first)
            writer.write_table(_lines(random, words, uris, first, count))
    pages = [
        {"page_uri": uri, "address": uri, "status": "ok", "lines_ok": _LINES_A_PAGE,
         "width_px": 2000, "height_px": 3000, "confidence": 0.9, "cer_estimate": 0.05}
        for uri in uris
    ]  # fmt: skip
    for table, rows in (("pages", pages), ("failures", [])):
        with _writer(folder / table / name, table) as writer:
            writer.write_table(_table(table, rows))
    run = {"command": "transcribe", "status": "complete", "model": "default"}
    with _writer(folder / "runs" / f"{RUN_ID}.parquet", "runs") as writer:
        writer.write_table(_table("runs", [run]))


def _words(random: np.random.Generator) -> np.ndarray:
    made: dict[str, None] = {}
    while len(made) < _VOCABULARY:
        for count in 1 + random.binomial(4, 0.4, 10_000):
            made["".join(random.choice(_SYLLABLES, count))] = None
    return np.array(list(made)[:_VOCABULARY], object)


def _lines(random, words, uris, first: int, count: int) -> pa.Table:
    # Zipf's law as Mandelbrot has it: the most usual word is in one line of six.
    shares = np.cumsum(1 / (np.arange(_VOCABULARY) + 2.7))
    ranks = np.searchsorted(shares / shares[-1], random.random(count * _WORDS_A_LINE))
    texts = [" ".join(line) for line in words[ranks].reshape(count, _WORDS_A_LINE)]
    numbers = np.arange(first, first + count)
    columns = {
        "page_uri": [uris[n // _LINES_A_PAGE] for n in numbers],
        "line_id": [f"l{n % _LINES_A_PAGE}" for n in numbers],
        "line_index": (numbers % _LINES_A_PAGE).astype(np.int32),
        "text": texts,
        "confidence": random.uniform(0.8, 1, count).astype(np.float32),
        "characters": _characters(random, texts),
        "run_id": [RUN_ID] * count,
    }
    arrays = []
    for field in TABLES["lines"]:
        if field.name in columns:
            values = columns[field.name]
            arrays.append(values if isinstance(values, pa.Array) else pa.array(values, field.type))
        else:
            arrays.append(pa.array([_empty(field)] * count, field.type))
    return pa.table(arrays, schema=TABLES["lines"])


def _characters(random: np.random.Generator, texts: list[str]) -> pa.Array:
    letters = list("".join(texts))
    doubtful = random.random(len(letters)) < _DOUBTFUL
    kind = TABLES["lines"].field("characters").type
    readings = pa.StructArray.from_arrays(
        [
            pa.array(random.choice(list("aeinrstu"), doubtful.sum())),
            pa.array(random.uniform(0.05, 0.4, doubtful.sum()).astype(np.float32)),
        ],
        fields=list(kind.value_type.field("alternatives").type.value_type),
    )
    starts = np.concatenate([[0], np.cumsum(doubtful)]).astype(np.int32)
    items = pa.StructArray.from_arrays(
        [
            pa.array(letters),
            pa.array(np.where(doubtful, 0.6, 0.98).astype(np.float32)),
            pa.ListArray.from_arrays(pa.array(starts), readings),
        ],
        fields=list(kind.value_type),
    )
    ends = np.concatenate([[0], np.cumsum([len(text) for text in texts])]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(ends), items)


def _empty(field: pa.Field):
    if field.nullable:
        return None
    if pa.types.is_list(field.type):
        return []
    return "" if field.type == pa.string() else 0


def _table(table: str, rows: list[dict]) -> pa.Table:
    whole = [
        {"run_id": RUN_ID}
        | {f.name: row.get(f.name, _empty(f)) for f in TABLES[table] if f.name != "run_id"}
        for row in rows
    ]
    return pa.Table.from_pylist(whole, schema=TABLES[table])


def _writer(path: Path, table: str) -> pq.ParquetWriter:
    path.parent.mkdir(parents=True, exist_ok=True)
    return pq.ParquetWriter(path, TABLES[table], compression="zstd")


def main() -> None:
    """Write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("--lines", type=int, default=1_000_000)
    args = parser.parse_args()
    write_tables(args.output, args.lines)


if __name__ == "__main__":
    main()
