"""Export transcribed pages in all formats and try the files with the programs that are installed.

python -m benchmarks.conformance_exports TRANSCRIPTS [--python PYTHON ...] [--verapdf FOLDER]
    [--pdfbox JAR] [--mirador mirador.min.js]

Programs that are not there are left out, and named. Prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pypdfium2 as pdfium
from lxml import etree

from benchmarks.mirador import browser, open_manifest, served
from pipelines.descriptions.detect import read_markup
from pipelines.export import main as export

SCHEMAS = Path(__file__).resolve().parents[1] / "tests" / "schemas" / "xsd"
IIIF_BASE = "https://example.org/iiif"
FORMATS = ("page", "alto", "hocr", "text", "pdf", "iiif", "tei", "markdown", "csv", "xlsx")
# The rules of PDF/A-2u, checked by the library of veraPDF.
VALIDATOR = """
import java.io.File;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.*;
import org.verapdf.pdfa.flavours.PDFAFlavour;
public class Check {
    public static void main(String[] names) throws Exception {
        VeraGreenfieldFoundryProvider.initialise();
        PDFAFlavour flavour = PDFAFlavour.PDFA_2_U;
        for (String name : names)
            try (PDFAParser parser = Foundries.defaultInstance().createParser(
                    new File(name), flavour)) {
                PDFAValidator validator =
                    Foundries.defaultInstance().createValidator(flavour, false);
                System.out.println(validator.validate(parser).isCompliant() ? "ok" : name);
            }
    }
}
"""
# The words that PDFBox extracts, a line a file.
PDFBOX = """
import java.io.*;
import org.apache.pdfbox.*;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.text.PDFTextStripper;
public class Words {
    public static void main(String[] names) throws Exception {
        PrintStream out = new PrintStream(System.out, true, "UTF-8");
        for (String name : names)
            try (PDDocument document = Loader.loadPDF(new File(name))) {
                out.println(new PDFTextStripper().getText(document).replaceAll("\\\\s+", " "));
            }
    }
}
"""
KRAKEN = """
import sys
from kraken.lib.xml import XMLPage
for name in sys.argv[1:]:
    lines = XMLPage(name).to_container().lines
    print(sum(1 for line in lines if line.baseline and line.boundary))
"""
PREZI3 = """
import sys
from iiif_prezi3 import Manifest
for name in sys.argv[1:]:
    print(len(Manifest.model_validate_json(open(name).read()).items))
"""
OPENPYXL = """
import sys, openpyxl
print(openpyxl.load_workbook(sys.argv[1]).active.max_row - 1)
"""
DINGLEHOPPER = """
import sys
from dinglehopper.ocr_files import extract
for name in sys.argv[1:]:
    print(len(extract(name).text))
"""


@dataclass(frozen=True)
class Checked:
    """A row of the table.

    Attributes:
        format_name: The format.
        program: Program and version.
        what: What was checked.
        result: What came out.
    """

    format_name: str
    program: str
    what: str
    result: str


def missing(wanted: list[str], found: list[str]) -> int:
    """Return how many words are not among those found, each found word counted once."""
    left = list(found)
    count = 0
    for word in wanted:
        if word in left:
            left.remove(word)
        else:
            count += 1
    return count


def run(*command: str) -> str:
    """Run a program and return what it prints."""
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


def first_line(*command: str) -> str:
    """Return the first line that a program prints, on either stream."""
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    return (done.stdout + done.stderr).strip().splitlines()[0]


def python_with(module: str, pythons: list[str]) -> tuple[str, str] | None:
    """Return the first Python that has a distribution, and its version."""
    code = f"import importlib.metadata as m; print(m.version({module!r}))"
    for python in pythons:
        done = subprocess.run([python, "-c", code], capture_output=True, check=False, text=True)
        if done.returncode == 0:
            return python, done.stdout.strip()
    return None


def schemas(out: Path) -> Iterator[Checked]:
    """Validate PAGE and ALTO, and read them back."""
    for name, file in (("page", "pagecontent-2019-07-15.xsd"), ("alto", "alto-4-3.xsd")):
        schema = etree.XMLSchema(etree.parse(SCHEMAS / file))
        paths = sorted((out / name).rglob("*.xml"))
        valid = sum(schema.validate(etree.parse(path)) for path in paths)
        yield Checked(name, file, "schema", f"{valid} of {len(paths)} valid")
        same = sum(_is_read_back(path, out, name) for path in paths)
        yield Checked(name, "Quire", "read back", f"{same} of {len(paths)} with every line")


def _is_read_back(path: Path, out: Path, name: str) -> bool:
    text = out / "text" / path.relative_to(out / name).with_suffix(".txt")
    lines = [line.text.strip() for line in read_markup(path.read_bytes()).lines]
    return lines == [line.strip() for line in text.read_text("utf-8").split("\n")[:-1]]


def pdfs(out: Path) -> Iterator[Checked]:
    """Look for the words of each page in its PDF."""
    paths = sorted((out / "pdf").rglob("*.pdf"))
    texts = [(out / "text" / path.relative_to(out / "pdf")).with_suffix(".txt") for path in paths]
    wanted = [path.read_text("utf-8").split() for path in texts]
    total = sum(map(len, wanted))

    def row(program: str, words: Callable[[Path], list[str]]) -> Checked:
        lost = sum(missing(want, words(path)) for want, path in zip(wanted, paths))
        return Checked("pdf", program, "words found", f"{total - lost:,} of {total:,}")

    yield row(f"PDFium ({pdfium.PYPDFIUM_INFO})", _pdfium_words)
    if shutil.which("pdftotext"):
        yield row(first_line("pdftotext", "-v"), _poppler_words)
    if shutil.which("qpdf"):
        fine = sum(_succeeds("qpdf", "--check", str(path)) for path in paths)
        yield Checked("pdf", first_line("qpdf", "--version"), "syntax", f"{fine} of {len(paths)}")


def pdfbox(out: Path, jar: str) -> Iterator[Checked]:
    """Look for the words of each page with PDFBox."""
    paths = sorted((out / "pdf").rglob("*.pdf"))
    texts = [(out / "text" / path.relative_to(out / "pdf")).with_suffix(".txt") for path in paths]
    wanted = [path.read_text("utf-8").split() for path in texts]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "Words.java").write_text(PDFBOX)
        printed = run("java", "-cp", jar, f"{folder}/Words.java", *map(str, paths))
    found = [line.split() for line in printed.splitlines()]
    total, lost = sum(map(len, wanted)), sum(map(missing, wanted, found))
    program = f"PDFBox ({Path(jar).stem.rpartition('-')[2]})"
    yield Checked("pdf", program, "words found", f"{total - lost:,} of {total:,}")


def mirador(transcripts: str, folder: Path, script: str) -> Iterator[Checked]:
    """Open the manifests in Mirador, served from this machine."""
    out = folder / "served"
    out.mkdir()
    version = json.loads((Path(script).parents[1] / "package.json").read_text())["version"]
    with served(out, Path(script)) as (address, fetched):
        flags = ["--output", str(out / "e"), "--to", "iiif", "--iiif_base", f"{address}/e/iiif"]
        export(["--transcripts", transcripts, *flags])
        manifests = [
            json.loads(path.read_text("utf-8"))
            for path in sorted((out / "e/iiif").rglob("*.manifest.json"))
        ]
        opened = [open_manifest(address, manifest["id"], fetched) for manifest in manifests]
    fine = sum(
        not one.error
        and one.canvases == len(manifest["items"])
        and min(one.annotations, one.images) > 0
        for one, manifest in zip(opened, manifests)
    )
    result = f"{fine} of {len(manifests)} manifests, with image and lines"
    yield Checked("iiif", f"Mirador {version} in {Path(browser()).name}", "opened", result)


def _succeeds(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _pdfium_words(path: Path) -> list[str]:
    return pdfium.PdfDocument(path)[0].get_textpage().get_text_range().split()


def _poppler_words(path: Path) -> list[str]:
    boxes = subprocess.run(["pdftotext", "-bbox", str(path), "-"], capture_output=True, check=True)
    return [word.text for word in etree.fromstring(boxes.stdout).iter("{*}word")]


def verapdf(out: Path, jars: str) -> Iterator[Checked]:
    """Validate the PDFs as PDF/A-2u with the library of veraPDF."""
    paths = [str(path) for path in sorted((out / "pdf").rglob("*.pdf"))]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "Check.java").write_text(VALIDATOR)
        printed = run("java", "-cp", f"{jars}/*", f"{folder}/Check.java", *paths)
    core = next(Path(jars).glob("core-*.jar")).stem
    result = f"{printed.split().count('ok')} of {len(paths)} valid"
    yield Checked("pdf", f"veraPDF ({core})", "PDF/A-2u", result)


def others(out: Path, pythons: list[str]) -> Iterator[Checked]:
    """Let libraries of other programs read the files."""
    lines = sum(path.read_text("utf-8").count("\n") for path in (out / "text").rglob("*.txt"))
    pages = sum(1 for _ in (out / "text").rglob("*.txt"))
    found = python_with("kraken", pythons)
    for name in ("page", "alto") if found else ():
        paths = [str(path) for path in sorted((out / name).rglob("*.xml"))]
        count = sum(map(int, run(found[0], "-c", KRAKEN, *paths).split()))
        result = f"{count:,} of {lines:,} with baseline and outline"
        yield Checked(name, f"kraken {found[1]}", "lines", result)
    if found := python_with("dinglehopper", pythons):
        for name in ("page", "alto"):
            paths = [str(path) for path in sorted((out / name).rglob("*.xml"))]
            read = sum(int(n) > 0 for n in run(found[0], "-c", DINGLEHOPPER, *paths).split())
            result = f"{read} of {len(paths)} files"
            yield Checked(name, f"dinglehopper {found[1]}", "text is read", result)
    if found := python_with("iiif-prezi3", pythons):
        paths = [str(path) for path in sorted((out / "iiif").rglob("*.manifest.json"))]
        count = sum(map(int, run(found[0], "-c", PREZI3, *paths).split()))
        yield Checked("iiif", f"iiif-prezi3 {found[1]}", "canvases", f"{count} of {pages}")
    if found := python_with("openpyxl", pythons):
        count = int(run(found[0], "-c", OPENPYXL, str(out / "lines.xlsx")))
        yield Checked("xlsx", f"openpyxl {found[1]}", "rows", f"{count:,} of {lines:,}")


def ocrd(transcripts: str, folder: Path, pythons: list[str]) -> Iterator[Checked]:
    """Validate a workspace of OCR-D."""
    found = python_with("ocrd", pythons)
    if not found:
        return
    out = folder / "ocrd"
    export(["--transcripts", transcripts, "--output", str(out), "--for", "ocrd"])
    command = [str(Path(found[0]).with_name("ocrd")), "workspace", "-d", str(out), "validate"]
    # Some images state no resolution, which is no fault of the workspace.
    done = subprocess.run(
        [*command, "--skip", "pixel_density"], capture_output=True, check=False, text=True
    )
    wrong = (done.stdout + done.stderr).count("<error>")
    result = "valid" if done.returncode == 0 else f"{wrong} errors"
    yield Checked("--for ocrd", f"ocrd {found[1]}", "workspace", result)


def rows(arguments: argparse.Namespace, folder: Path) -> Iterator[Checked]:
    """Export and check."""
    out = folder / "out"
    flags = ["--to", *FORMATS, "--iiif_base", IIIF_BASE]
    export(["--transcripts", arguments.transcripts, "--output", str(out), *flags])
    yield from schemas(out)
    yield from pdfs(out)
    if arguments.verapdf and shutil.which("java"):
        yield from verapdf(out, arguments.verapdf)
    if arguments.pdfbox and shutil.which("java"):
        yield from pdfbox(out, arguments.pdfbox)
    if arguments.mirador and browser():
        yield from mirador(arguments.transcripts, folder, arguments.mirador)
    yield from others(out, arguments.python)
    yield from ocrd(arguments.transcripts, folder, arguments.python)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("transcripts", help="folder that transcribe wrote, its images at hand")
    parser.add_argument("--python", nargs="*", default=[], help="with kraken, dinglehopper, ...")
    parser.add_argument("--verapdf", default="", help="folder with the jars of veraPDF")
    parser.add_argument("--pdfbox", default="", help="jar of pdfbox-app")
    parser.add_argument("--mirador", default="", help="dist/mirador.min.js of its npm package")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        checked = list(rows(arguments, Path(folder)))
    print("| format | program | what | result |\n| --- | --- | --- | --- |")
    for row in checked:
        print(f"| {row.format_name} | {row.program} | {row.what} | {row.result} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
