"""Check sources against the rules of the layers and of the folders in them.

- `schemas` <- `model` <- `components` <- `pipelines`: imports run one way.
- Inside `model` and inside `pipelines` they run in the order of the folders.
- Only training imports deep-learning frameworks when a module is imported.
- A module directly in `pipelines` is a command and nothing else.
- No folder holds more files than one can take in.
"""

from __future__ import annotations

import ast
import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

# Each may import those before it; nothing may import the tests.
LAYERS = ("schemas", "model", "components", "pipelines", "tests")
# A module may import its own folder and those before it. `model/__init__.py` comes first.
MODEL_FOLDERS = (
    "model",
    "model/text",
    "model/images",
    "model/geometry",
    "model/networks",
    "model/report",
    "model/synthetic",
    "model/line_images",
    "model/quality",
    "model/segmentation",
    "model/language",
    "model/decoding",
    "model/recogniser",
    "model/pictures",
    "model/dataset",
    "model/evaluation",
    "model/augmentation",
    "model/training/optimisation",
    "model/training/networks",
    "model/training/language",
    "model/training/adaptation",
    "model/training/lines",
    "model/training",
)
# The commands, directly in `pipelines`, come last.
PIPELINES_FOLDERS = (
    "pipelines/buckets",
    "pipelines/cli",
    "pipelines/engines",
    "pipelines/decoding",
    "pipelines/formats",
    "pipelines/formats/alto",
    "pipelines/formats/page_xml",
    "pipelines/formats/iiif",
    "pipelines/formats/iam",
    "pipelines/formats/tables",
    "pipelines/formats/sets",
    "pipelines/formats/hocr",
    "pipelines/formats/labels",
    "pipelines/formats/pdf",
    "pipelines/formats/tei",
    "pipelines/formats/sheets",
    "pipelines/files",
    "pipelines/descriptions",
    "pipelines/transforms",
    "pipelines/pages",
    "pipelines/tables",
    "pipelines/archive",
    "pipelines/corrections",
    "pipelines/dataset",
    "pipelines/transcription",
    "pipelines/line_finding",
    "pipelines/transcripts",
    "pipelines/correcting",
    "pipelines/exporting",
    "pipelines/evaluation",
    "pipelines/prediction",
    "pipelines/training",
    "pipelines/demonstration",
    "pipelines/web/index",
    "pipelines/web",
    "pipelines",
)
FOLDERS = {"model": MODEL_FOLDERS, "pipelines": PIPELINES_FOLDERS}
COMMANDS = "pipelines"
TRAINING = "model/training"
MOST_FILES = 20

BEAM_AND_TFX = frozenset(
    {
        "apache_beam",
        "ml_metadata",
        "tensorflow_data_validation",
        "tensorflow_model_analysis",
        "tensorflow_transform",
        "tfx",
        "tfx_bsl",
    }
)
TENSORFLOW = frozenset({"keras", "tensorflow", "tf_keras"})
BARRED = {"schemas": BEAM_AND_TFX | TENSORFLOW, "model": BEAM_AND_TFX}
# Slow to import, or missing where only the data plane is installed.
FRAMEWORKS = TENSORFLOW | {"onnx", "torch"}
# Reading these runs code that the data brings along.
CODE_FROM_DATA = frozenset(
    {"cPickle", "cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve"}
)
IMPORT_CALLS = ("__import__", "import_module", "importlib.import_module")


class Import(NamedTuple):
    """One imported module, and the names taken from it (none for `import module`)."""

    line: int
    module: str
    names: tuple[str, ...] = ()

    @property
    def root(self) -> str:
        """The top-level package; empty for a relative import."""
        return self.module.split(".")[0]

    def candidates(self) -> list[str]:
        """List every dotted name that may be a module: `from a import b` may import `a.b`."""
        return [f"{self.module}.{name}" for name in self.names] or [self.module]


def violations(source: str, path: str) -> list[str]:
    """List what a module may not do where it lies.

    Args:
        source: Python source.
        path: Its file, relative to the repository, such as `model/text/normalise.py`.

    Returns:
        One 'line: what' for each violation, in the order of the lines.
    """
    tree = ast.parse(source)
    layer = path.split("/")[0]
    found = [
        *_import_violations(tree, layer),
        *_order_violations(tree, path),
        *_eager_frameworks(tree, path),
        *_path_violations(tree),
    ]
    if posixpath.dirname(path) == COMMANDS and not path.endswith("/__init__.py"):
        found += _command_violations(tree)
    return [f"{line}: {what}" for line, what in sorted(set(found))]


def crowded_folders(paths: Iterable[str]) -> dict[str, int]:
    """Count the files of each folder that holds more than MOST_FILES.

    Args:
        paths: Files, relative to the repository.
    """
    counts = Counter(posixpath.dirname(path) for path in paths)
    return {folder: count for folder, count in counts.items() if count > MOST_FILES}


def _import_violations(tree: ast.Module, layer: str) -> Iterator[tuple[int, str]]:
    """Find imports that are wrong anywhere in this layer."""
    later = LAYERS[LAYERS.index(layer) + 1 :]
    for found in imports_of(tree):
        if not found.root:
            yield found.line, f"relative import of {found.module}; name the package"
        elif found.root in later:
            yield found.line, f"{layer} imports {found.module}, a later layer"
        elif found.root in BARRED.get(layer, ()):
            yield found.line, f"{layer} imports {found.module}, which it must not need"
        elif found.root in CODE_FROM_DATA:
            yield found.line, f"imports {found.module}, which runs code from data"


def _order_violations(tree: ast.Module, path: str) -> Iterator[tuple[int, str]]:
    """Find imports from a later folder of the same layer, and imports of commands."""
    layer = path.split("/")[0]
    if layer not in FOLDERS:
        return
    order = FOLDERS[layer]
    own = _folder(path, order)
    for found in imports_of(tree):
        for module in found.candidates() if found.root == layer else ():
            other = _folder(module.replace(".", "/"), order)
            if other == COMMANDS:
                yield found.line, f"imports {module}, which is a command"
            elif order.index(other) > order.index(own):
                yield found.line, f"{posixpath.dirname(path)} imports {module}, a later folder"


def _folder(path: str, order: tuple[str, ...]) -> str:
    """Return the innermost folder of an order that holds a file or folder, or is it."""
    while path not in order:
        path = posixpath.dirname(path)
    return path


def _eager_frameworks(tree: ast.Module, path: str) -> list[tuple[int, str]]:
    """Find frameworks that are imported as soon as the module is."""
    layer = path.split("/")[0]
    if path.startswith(f"{TRAINING}/"):
        barred, where = {"tensorflow"}, "outside the function that writes a SavedModel"
    else:
        barred = FRAMEWORKS - BARRED.get(layer, frozenset())
        where = f"outside a function; only {TRAINING} may"
    deferred = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            deferred |= set(imports_of(node))
    return [
        (found.line, f"imports {found.module} {where}")
        for found in imports_of(tree)
        if found.root in barred and found not in deferred
    ]


def _is_main(node: ast.stmt) -> bool:
    """Whether a statement is `def main(argv=None)` or `main = command_main(...)`."""
    if isinstance(node, ast.FunctionDef):
        return node.name == "main" and _takes_argv_only(node.args)
    is_made = isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
    return (
        is_made
        and ast.unparse(node.value.func) == "command_main"
        and [ast.unparse(target) for target in node.targets] == ["main"]
    )


def _command_violations(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Find what a command lacks."""
    if not any(map(_is_main, tree.body)):
        yield 1, "a command without main(argv)"
    tests = [ast.unparse(node.test) for node in tree.body if isinstance(node, ast.If)]
    if "__name__ == '__main__'" not in tests:
        yield 1, 'a command without `if __name__ == "__main__"`'


def _takes_argv_only(parameters: ast.arguments) -> bool:
    positional = [parameter.arg for parameter in (*parameters.posonlyargs, *parameters.args)]
    more = parameters.kwonlyargs or parameters.vararg or parameters.kwarg
    return positional == ["argv"] and not more


def imports_of(node: ast.AST) -> Iterator[Import]:
    """Walk every import below a node; relative ones start with a dot."""
    for child in ast.walk(node):
        if isinstance(child, ast.Import):
            yield from (Import(child.lineno, alias.name) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            module = "." * child.level + (child.module or "")
            yield Import(child.lineno, module, tuple(alias.name for alias in child.names))
        elif isinstance(child, ast.Call) and child.args:
            first = child.args[0]
            is_import = ast.unparse(child.func) in IMPORT_CALLS
            if is_import and isinstance(first, ast.Constant):
                yield Import(child.lineno, str(first.value))


def _path_violations(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Find uses of sys.path, under any name."""
    names = {"sys"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {a.asname for a in node.names if a.name == "sys" and a.asname}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            uses_path = node.attr == "path" and ast.unparse(node.value) in names
        elif isinstance(node, ast.ImportFrom) and node.module == "sys":
            uses_path = any(alias.name == "path" for alias in node.names)
        else:
            uses_path = False
        if uses_path:
            yield node.lineno, "uses sys.path"
