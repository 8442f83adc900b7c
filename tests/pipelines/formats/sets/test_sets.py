"""Classic sets, drawn small in the layout in which they are handed out."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines.formats.sets.bentham import read_bentham
from pipelines.formats.sets.histdb import decode_text, is_histdb, read_histdb
from pipelines.formats.sets.rimes import line_text, read_rimes
from schemas.records import Failure, Page, Skipped
from tests.drawn import png, text_strip
from tests.pipelines.drawn_archive import write_page
from tests.pipelines.formats.memory_files import MemoryFiles
from tests.pipelines.ingest_run import examples, ingest


def draw(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png(text_strip(text)))


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def washington(folder: Path) -> None:
    rows = {"270-01": "L-e-t-t-e-r-s|s_1-s_2", "271-02": "O-r-d-e-r-s-s_pt", "272-03": "a-n-d"}
    for name in rows:
        draw(folder / "data" / "line_images_normalized" / f"{name}.png", decode_text(rows[name]))
    # What the lines show is there again, word by word.
    draw(folder / "data" / "word_images_normalized" / "270-01-01.png", "Letters")
    for name, listed in (("train", "270-01"), ("valid", "271-02"), ("test", "272-03")):
        write(folder / "sets" / "cv1" / f"{name}.txt", f"{listed}\n")
    text = "".join(f"{name} {coded}\n" for name, coded in rows.items())
    write(folder / "ground_truth" / "transcription.txt", text)


def bentham(folder: Path) -> None:
    lines = {"115_061_001_01_01": "of &amp; in law", "115_061_002_01_01": "shall be given"}
    for name, text in lines.items():
        draw(folder / "Images" / "Lines" / f"{name}.png", text)
        write(folder / "Transcriptions" / f"{name}.txt", f"{text}\n")
    write(folder / "Partitions" / "TrainLines.lst", "115_061_001_01_01\n")
    write(folder / "Partitions" / "TestLines.lst", "115_061_002_01_01\n")


def bentham_pages(folder: Path) -> None:
    """Draw a page as the set has it; its PAGE file is in a folder of its own."""
    write_page(folder / "Images" / "Pages", "116_001", ("shall be given",))
    (folder / "PAGE").mkdir()
    (folder / "Images" / "Pages" / "116_001.xml").rename(folder / "PAGE" / "116_001.xml")


def rimes(folder: Path) -> None:
    write_page(folder / "images", "train_2011-0")
    (folder / "images" / "train_2011-0.xml").unlink()
    lines = "".join(
        f'<Line Left="50" Top="{55 + 90 * i}" Right="600" Bottom="{120 + 90 * i}" Value="{text}"/>'
        for i, text in enumerate(("acte de l&amp;#39;an", "¤{deux/douze}¤ Jean"))
    )
    letter = f'<SinglePage FileName="images/train_2011-0.jpg"><Paragraph>{lines}</Paragraph>'
    write(folder / "training_2011.xml", f"<DocumentList>{letter}</SinglePage></DocumentList>")


SETS = {
    # What is drawn, texts by split, and the name of the format.
    washington: (
        {"train": ["Letters 12"], "eval": ["Orders."], "test": ["and"]},
        "histdb",
    ),
    bentham: ({"train": ["of & in law"], "eval": [], "test": ["shall be given"]}, "bentham"),
    bentham_pages: ({"train": ["shall be given"], "eval": [], "test": []}, "page"),
    rimes: ({"train": ["acte de l'an", "deux Jean"], "eval": [], "test": []}, "rimes"),
}


@pytest.mark.parametrize("draw_set", SETS)
def test_a_set_is_read_as_it_is_handed_out(tmp_path, draw_set):
    draw_set(tmp_path / "set")
    splits, source = SETS[draw_set]
    flags = ["--max_failure_rate", "1", "--eval_fraction", "0"]
    status = ingest([tmp_path / "set"], tmp_path / "out", *flags)
    assert status == 0
    for split, texts in splits.items():
        assert sorted(e.text for e in examples(tmp_path / "out", split)) == sorted(texts)
    assert {e.source for e in examples(tmp_path / "out")} == {source}
    # Only lists of splits, which are no texts, may be told as such.
    failures = pq.read_table(tmp_path / "out" / "failures").to_pylist()
    assert {Path(f["uri"]).parent.name for f in failures} <= {"cv1"}


@pytest.mark.parametrize(
    ("coded", "text"),
    [
        ("L-e-t-t-e-r-s-s_cm|O-r-d-e-r-s", "Letters, Orders"),
        ("s_2-s_7-s_0-s_pt", "270."),
        ("s_GW|s_1st|s_0th|M-a-y-s_mi", "G.W. 1st 0th May-"),
        ("s_et|s_bl-a-s_br-s_sq|b-s_qo|c-s_qt-s", "V (a); b: c's"),
        ("n-uo-v|d-e-r", "nuov der"),
        ("s_lb-s_5", "£5"),
        # Parzival: signs by name, letters above letters, accents and abbreviations.
        ("z-hs111117|p060097-n-pt", "zu\u0366 ân."),
        ("d-sa1n1|v-p046117-eq|hp115-o", "dā vu\u0307- ſo"),
        ("w-sd7er7|sg9ra9|si4us4|hc097|sp5er5", "wd\u035b g\u1dd3 i\ua770 æ ꝑ"),
    ],
)
def test_codes_of_histdb(coded, text):
    assert decode_text(coded) == text


@pytest.mark.parametrize(
    ("name", "head", "expected"),
    [
        ("g/transcription.txt", b"270-01 L-e-t\n", True),
        ("g/TRANSCRIPTION.TXT", b"\xef\xbb\xbfd-006a-001 W|a\n", True),
        ("g/word_labels.txt", b"270-01-01 s_2-s_7\n", True),
        ("g/transcription.txt", b"csg562-003-01 u-i-t|e vit e\n", True),
        ("g/transcription.txt", b"Audience du 3 mai\n", False),
        ("g/1.txt", b"270-01 L-e-t\n", False),
    ],
)
def test_histdb_is_told_by_name_and_first_row(name, head, expected):
    assert is_histdb(name, head) == expected


def test_rows_of_histdb_that_cannot_be_read():
    text = b"270-01 a-b\nno\n270-02 a\n271-01 c\n270-01 a-x09y\n"
    files = MemoryFiles(
        {
            "s/ground_truth/transcription.txt": text,
            "s/ground_truth/word_labels.txt": b"270-01-01 a-b\n",
            "s/data/line_images_normalized/270-01.png": b"",
            "s/sets/train.txt": b"270\n",
        }
    )
    page, bad, missing, unlisted, coded = read_histdb("s/ground_truth/transcription.txt", files)
    assert isinstance(page, Page) and (page.document, page.split) == ("270", "train")
    assert isinstance(bad, Failure) and "correct it" in bad.error
    assert isinstance(missing, Failure) and "put it there" in missing.error
    assert isinstance(coded, Failure) and "code 'x09y' of a letter is not known" in coded.error
    assert isinstance(unlisted, Skipped) and "lists of the splits" in unlisted.reason
    (words,) = read_histdb("s/ground_truth/word_labels.txt", files)
    assert isinstance(words, Skipped) and "transcription.txt" in words.reason


def test_a_text_of_bentham_with_a_gap_is_not_the_whole_line():
    with pytest.raises(ValueError, match="<gap/>.*; complete or remove it"):
        read_bentham("b/Transcriptions/1.txt", b"of &lt;gap/&gt; law", "b/1.png", MemoryFiles({}))


def test_letters_of_rimes_that_cannot_be_read():
    letters = "".join(
        f'<SinglePage FileName="{name}"><Line Left="0" Top="{top}" Right="9" Bottom="9"/>'
        "</SinglePage>"
        for name, top in (("a.png", "0"), ("gone.png", "0"), ("../../x.png", "0"), ("a.png", "x"))
    )
    data = f"<DocumentList>{letters}</DocumentList>".encode()
    files = MemoryFiles({"r/eval_2011_annotated.xml": data, "r/images/a.png": b""})
    found = list(read_rimes("r/eval_2011_annotated.xml", files))
    assert [type(one) for one in found] == [Page, Failure, Failure, Page]
    assert found[0].split == "test" and found[0].document == "a"
    assert "put it there" in found[1].error and "leads out" in found[2].error
    assert "is not a number" in found[3].lines[0].fault
    with pytest.raises(ValueError, match="no <SinglePage>"):
        list(read_rimes("x.xml", MemoryFiles({"x.xml": b"<DocumentList/>"})))


def test_text_of_rimes():
    assert line_text("d&amp;quot;a ¤{l|L}¤e &amp;amp; ") == 'd"a le &'
