"""Check sources against the rules of the layers.

`schemas` <- `model` <- `components` <- `pipelines`: imports run one way.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

# Each may import those before it; nothing may import the tests.
LAYERS = ("schemas", "model", "components", "pipelines", "tests")
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
# Reading these runs code that the data brings along.
CODE_FROM_DATA = frozenset(
    {"cPickle", "cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve"}
)
IMPORT_CALLS = ("__import__", "import_module", "importlib.import_module")


def violations(source: str, layer: str) -> list[str]:
    """List what a module may not do in its layer.

    Args:
        source: Python source.
        layer: Package that the module belongs to, one of LAYERS.

    Returns:
        One 'line: what' for each violation, in the order of the lines.
    """
    tree = ast.parse(source)
    found = [*_import_violations(tree, layer), *_path_violations(tree)]
    found += _eager_tensorflow(tree) if layer == "model" else []
    return [f"{line}: {what}" for line, what in sorted(set(found))]


def imported_modules(source: str) -> set[str]:
    """List the modules that a module imports.

    Args:
        source: Python source.

    Returns:
        Dotted names; of `from a import b` both `a` and `a.b`, as `b` may be a module.
    """
    tree = ast.parse(source)
    members = {
        f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    return members | {name for _, name in _imports(tree)}


def _import_violations(tree: ast.Module, layer: str) -> Iterator[tuple[int, str]]:
    """Find imports that no place in this layer may hold."""
    later = LAYERS[LAYERS.index(layer) + 1 :]
    for line, name in _imports(tree):
        root = name.split(".")[0]
        if not root:
            yield line, f"relative import of {name}; name the package"
        elif root in later:
            yield line, f"{layer} imports {name}, a later layer"
        elif root in BARRED.get(layer, ()):
            yield line, f"{layer} imports {name}, which it must not need"
        elif root in CODE_FROM_DATA:
            yield line, f"imports {name}, which runs code from data"


def _imports(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Walk every import below a node: (line, dotted name); relative ones '.x'."""
    for child in ast.walk(node):
        if isinstance(child, ast.Import):
            yield from ((child.lineno, alias.name) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield child.lineno, "." * child.level + (child.module or "")
        elif isinstance(child, ast.Call) and child.args:
            first = child.args[0]
            is_import = ast.unparse(child.func) in IMPORT_CALLS
            if is_import and isinstance(first, ast.Constant):
                yield child.lineno, str(first.value)


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


def _eager_tensorflow(tree: ast.Module) -> list[tuple[int, str]]:
    """Find imports of TensorFlow that run when the module is imported."""
    deferred = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            deferred |= set(_imports(node))
    return [
        (line, f"imports {name} outside the function that writes a SavedModel")
        for line, name in _imports(tree)
        if name.split(".")[0] == "tensorflow" and (line, name) not in deferred
    ]
