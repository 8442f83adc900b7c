"""Quotes of a table enclose fields or are literal: decided for all rows, by what they support."""

import pytest

from pipelines.formats.labels.read import read_labels
from schemas.records import Failure
from tests.pipelines.formats.memory_files import MemoryFiles

IMAGES = [f"d/{i}.png" for i in range(9)]


def read(table: str, uri="d/l.tsv"):
    files = MemoryFiles({uri: table.encode(), **dict.fromkeys(IMAGES, b"PNG")})
    return list(read_labels(uri, files))


def texts(records):
    return [None if isinstance(each, Failure) else each.lines[0].text for each in records]


CASES = {
    "dialogue over two rows": (
        'image\ttext\n0.png\tdit :\n1.png\t"Je viens,\n2.png\tde Paris."\n3.png\tet il partit.\n',
        ["dit :", '"Je viens,', 'de Paris."', "et il partit."],
    ),
    "dialogue after the text": (
        'text\timage\ndit :\t0.png\n"Je viens,\t1.png\nde Paris."\t2.png\n',
        ["dit :", '"Je viens,', 'de Paris."'],
    ),
    "dialogue that never ends": ('image\ttext\n0.png\ta\n1.png\t"Je viens\n', ["a", '"Je viens']),
    "dialogue within a row": (
        'image\ttext\n0.png\t"Oui," dit-il\n1.png\t"Non"\n',
        ['"Oui," dit-il', '"Non"'],
    ),
    "quoted words among others": (
        'image\ttext\n0.png\t"Oui"\n1.png\tb\n2.png\tc\n',
        ['"Oui"', "b", "c"],
    ),
    "dialogue after a semicolon": (
        'image;text\n0.png;"Je viens\n1.png;de Paris"\n',
        ['"Je viens', 'de Paris"'],
    ),
    "dialogue after a comma": ('image,text\n0.png,"Je viens\n1.png,là"\n', ['"Je viens', 'là"']),
    "all quoted": ('"image"\t"text"\n"0.png"\t"Oui"\n"1.png"\t"b"\n', ["Oui", "b"]),
    "texts quoted": ('image,text\n0.png,"Oui"\n1.png,"b"\n', ["Oui", "b"]),
    "some quoted by hand": ('image,text\n0.png,"Oui"\n1.png,b\n2.png,c\n', ["Oui", "b", "c"]),
    "as Excel writes tabs": (
        'image\ttext\n0.png\t"un, deux"\n1.png\tb\n2.png\tc\n',
        ["un, deux", "b", "c"],
    ),
    "quoted line ends": ('image,text\n0.png,"un\ndeux"\n1.png,b\n', ["un\ndeux", "b"]),
    "quoted line ends before the image": (
        'text,image\n"un\ndeux",0.png\nb,1.png\n',
        ["un\ndeux", "b"],
    ),
    "doubled quotes": ('image\ttext\n0.png\t"""Oui"""\n1.png\tb\n2.png\tc\n', ['"Oui"', "b", "c"]),
    "one open quote in a quoted table": (
        'image,text\n0.png,"a, b"\n1.png,"c, d"\n2.png,"Je viens\n3.png,"e, f"\n4.png,g\n',
        ["a, b", "c, d", None, "e, f", "g"],
    ),
    "no header, commas": ("0.png,un\n1.png,deux\n", ["un", "deux"]),
    "no header, semicolons": ("0.png;un, deux\n1.png;trois\n", ["un, deux", "trois"]),
    "no header, the text first": ("un,0.png\ndeux,1.png\n", ["un", "deux"]),
    "no header, quoted": ('"0.png","un, deux"\n"1.png","trois"\n', ["un, deux", "trois"]),
    "no header, a comma in the first text": (
        "0.png,un, deux\n1.png,trois\n2.png,quatre\n",
        [None, "trois", "quatre"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_quotes_mean_what_the_rows_support(case):
    table, expected = CASES[case]
    assert texts(read(table)) == expected


def test_a_text_with_another_row_in_it_is_refused_in_a_quoted_table():
    table = 'image,text\n0.png,"a, b"\n1.png,"Je viens\n2.png,de Paris"\n3.png,"c, d"\n'
    records = read(table)
    assert texts(records) == ["a, b", None, 'de Paris"', "c, d"]
    assert "its quotes enclose line 4, which is a row, too" in records[1].error


def test_a_field_may_be_longer_than_the_limit_of_python():
    text = "x" * 200_000
    assert texts(read(f"image,text\n0.png,{text}\n1.png,b\n")) == [text, "b"]
