"""Write a table of lines as XLSX (ECMA-376), row by row."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Sequence
from typing import BinaryIO
from xml.sax.saxutils import escape

from pipelines.formats.sheets.columns import COLUMNS, Cell

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
# Limits of the format.
_MOST_ROWS, _MOST_CHARACTERS = 1_048_576, 32_767
# Of a ZIP file; equal tables are to give equal files.
_SOME_TIME = (1980, 1, 1, 0, 0, 0)
_WIDTHS = {"text": 70, "uri": 40, "image": 25, "document": 25}

_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/>'
    "</Types>",
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/>'
    "</Relationships>",
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}">'
    '<sheets><sheet name="lines" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_RELATIONS}/styles" Target="styles.xml"/>'
    "</Relationships>",
    "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}">'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs>'
    "</styleSheet>",
}


class XlsxTable:
    """An XLSX file that is being written, with a bold head that stays in view.

    Args:
        file: The file to write to, empty.
        columns: Names of the columns.
    """

    def __init__(self, file: BinaryIO, columns: Sequence[str] = COLUMNS):
        self._column_count = len(columns)
        self._archive = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)
        for name, text in _PARTS.items():
            self._archive.writestr(_entry(name), _HEAD + text)
        self._sheet = self._archive.open(_entry("xl/worksheets/sheet1.xml"), "w", force_zip64=True)
        widths = "".join(
            f'<col min="{i}" max="{i}" width="{_WIDTHS.get(name, 12)}" customWidth="1"/>'
            for i, name in enumerate(columns, 1)
        )
        self._sheet.write(
            f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
            '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
            f"</sheetView></sheetViews><cols>{widths}</cols><sheetData>".encode()
        )
        self._row_count = 0
        self._write(columns, style=1)

    def add(self, rows: Iterable[tuple[Cell, ...]]) -> None:
        """Write rows.

        Raises:
            ValueError: If the sheet is full.
        """
        for row in rows:
            if self._row_count == _MOST_ROWS:
                raise ValueError(f"a sheet holds {_MOST_ROWS:,} rows; select fewer, or write CSV")
            self._write(row)

    def close(self) -> None:
        """End the file."""
        self._sheet.write(b"</sheetData></worksheet>")
        self._sheet.close()
        self._archive.close()

    def _write(self, row: Iterable[Cell], style: int = 0) -> None:
        self._row_count += 1
        cells = "".join(map(_cell, row, [style] * self._column_count))
        self._sheet.write(f"<row>{cells}</row>".encode("utf-8", "replace"))


def _cell(value: Cell, style: int) -> str:
    """Return a cell; a text stays a text whatever it begins with.

    Example:
        >>> _cell("=1", 0)
        '<c t="inlineStr"><is><t xml:space="preserve">=1</t></is></c>'
        >>> _cell(0.5, 0), _cell(None, 1)
        ('<c><v>0.5</v></c>', '<c/>')
    """
    if value is None or value == "":
        return "<c/>"
    look = f' s="{style}"' if style else ""
    if isinstance(value, str):
        text = escape(value[:_MOST_CHARACTERS])
        return f'<c t="inlineStr"{look}><is><t xml:space="preserve">{text}</t></is></c>'
    return f"<c{look}><v>{value}</v></c>"


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _SOME_TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry
