"""Which column of a table holds what: by the names that it has, or those that the user gives."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

# Names of columns, most probable first; English ones, then French, German and Spanish ones. Accents
# do not matter.
IMAGE_COLUMNS = (
    "image_path",
    "img_path",
    "file_path",
    "filepath",
    "path",
    "file_name",
    "filename",
    "image_name",
    "image_filename",
    "image_file",
    "file",
    "image",
    "img",
    "im",
    *("chemin", "chemin_image", "nom_fichier", "nom_de_fichier", "nom_du_fichier", "nom_image"),
    *("fichier", "fichier_image"),
    *("pfad", "bildpfad", "dateipfad", "dateiname", "bildname", "bilddatei", "datei", "bild"),
    *("ruta", "ruta_imagen", "nombre_archivo", "nombre_de_archivo", "nombre_del_archivo"),
    *("nombre_imagen", "archivo", "fichero", "imagen"),
)
# Columns of the images themselves.
EMBEDDED_COLUMNS = ("image", "img", "im", "line_image", "bild", "imagen")
TEXT_COLUMNS = (
    "text",
    "transcription",
    "transcript",
    "ground_truth",
    "gt",
    "sentence",
    "identity",
    "label",
    "labels",
    *("texte", "verite_terrain", "libelle", "etiquette"),
    *("transkription", "transkript", "abschrift", "umschrift", "wortlaut", "etikett"),
    *("texto", "transcripcion", "etiqueta"),
)
SPLIT_COLUMNS = (
    *("split", "subset", "partition", "set"),
    *("ensemble", "jeu", "sous_ensemble", "aufteilung", "teilmenge"),
    *("particion", "conjunto", "subconjunto"),
)
WRITER_COLUMNS = (
    *("writer", "writer_id", "hand", "scribe"),
    *("scripteur", "main", "copiste", "schreiber", "schreiber_id", "schreiberin"),
    *("escriba", "escribano", "amanuense", "mano"),
)
DOCUMENT_COLUMNS = ("document", "document_id", "doc", "dokument", "documento")


class ForeignTable(ValueError):
    """The table has no columns of images and texts; it may be about something else."""


@dataclass(frozen=True)
class TableColumns:
    """Columns of a table as the user names them; empty for those to find by their usual names.

    Attributes:
        image: Column of images, or of their paths.
        text: Column of transcriptions.
        split: Column of splits.
        writer: Column of writers.
        delimiter: The character between the columns of a CSV.
    """

    image: str = ""
    text: str = ""
    split: str = ""
    writer: str = ""
    delimiter: str = ""


BY_NAME = TableColumns()


@dataclass(frozen=True)
class FoundColumns:
    """Positions of the columns that a reader needs; None for those that a table lacks.

    Attributes:
        image: Column of images, or of their paths.
        text: Column of transcriptions.
        split: Column of splits.
        writer: Column of writers.
        document: Column of documents.
        split_name: Name of the column of splits; empty for none.
    """

    image: int
    text: int
    split: int | None = None
    writer: int | None = None
    document: int | None = None
    split_name: str = ""


def find_columns(
    names: Sequence[str],
    columns: TableColumns = BY_NAME,
    image_names: Iterable[str] = IMAGE_COLUMNS,
    usable: Callable[[str, int], bool] = lambda role, index: True,
) -> FoundColumns | None:
    """Find the columns of a table.

    Args:
        names: The columns of the table.
        columns: Columns that the user names.
        image_names: Usual names of the column of images, most probable first.
        usable: Given a role ('image', 'text', 'split', 'writer', 'document') and a position,
            returns whether the type of that column fits.

    Returns:
        The positions; None if the column of images or that of texts is not found.

    Raises:
        ValueError: If the table lacks the column of splits or writers that the user names.
    """

    def find(role: str, given: str, usual: Iterable[str]) -> int | None:
        fitting = [name if usable(role, index) else "" for index, name in enumerate(names)]
        return find_column(fitting, [given] if given else usual)

    for flag, given in (("--split_column", columns.split), ("--writer_column", columns.writer)):
        if given and find_column(names, [given]) is None:
            raise ValueError(f"there is no column {given!r} among {listed(names)}; check {flag}")
    image = find("image", columns.image, image_names)
    text = find("text", columns.text, TEXT_COLUMNS)
    if image is None or text is None or image == text:
        return None
    split = find("split", columns.split, SPLIT_COLUMNS)
    return FoundColumns(
        image,
        text,
        split,
        find("writer", columns.writer, WRITER_COLUMNS),
        find("document", "", DOCUMENT_COLUMNS),
        "" if split is None else names[split].strip(),
    )


def find_column(found: Iterable[str], names: Iterable[str]) -> int | None:
    """Find the column with the first matching name.

    Args:
        found: The columns of a table; case, accents, blanks and hyphens do not matter.
        names: Possible names, in order of preference.

    Returns:
        The position of the column; None where none has any of the names.

    Example:
        >>> find_column(["FILENAME", "File Name", "IDENTITY"], IMAGE_COLUMNS)
        1
        >>> find_column(["Nom de fichier", "Vérité terrain"], TEXT_COLUMNS)
        1
    """
    keys = [_key(column) for column in found]
    return next((keys.index(_key(name)) for name in names if _key(name) in keys), None)


def _key(column: str) -> str:
    letters = unicodedata.normalize("NFKD", column.strip().casefold())
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return re.sub(r"[\s-]+", "_", plain)


def listed(names: Sequence[str]) -> str:
    """List the first columns of a table, for an error message.

    Example:
        >>> listed(["id", "scan"])
        'id, scan'
    """
    return ", ".join(name[:40] for name in names[:20])
