"""Open the IIIF manifests of an export in Mirador, in a browser without a window."""

from __future__ import annotations

import functools
import html
import http.server
import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

# The path of the page in which the viewer runs, and of the viewer.
VIEW, SCRIPT = "/view.html", "/mirador.min.js"
_PAGE = """<!DOCTYPE html><meta charset="utf-8"><body>
<div id="viewer" style="position:absolute;width:1200px;height:900px"></div><pre id="result"></pre>
<script src="/mirador.min.js"></script><script>
const viewer = Mirador.viewer({id: "viewer", windows: [{manifestId: MANIFEST}]});
setInterval(() => {
  const {manifests, annotations} = viewer.store.getState();
  const opened = manifests[MANIFEST] || {};
  const found = Object.values(annotations).flatMap((canvas) => Object.values(canvas));
  document.getElementById("result").textContent = JSON.stringify({
    error: opened.error || null,
    canvases: ((opened.json || {}).items || []).length,
    annotations: found.flatMap((page) => (page.json || {}).items || []).length,
  });
}, 200);
</script>"""
_RESULT = re.compile(r'<pre id="result">(.*?)</pre>', re.DOTALL)
# The browser counts the time that it waits for the server, not that of a slow machine.
_BUDGET_MS = 20_000
_BROWSERS = ("chromium", "google-chrome", "chrome")


@dataclass(frozen=True)
class Opened:
    """What a viewer shows of a manifest.

    Attributes:
        error: Why it could not be opened; empty if it could.
        canvases: Pages in it.
        annotations: Annotations of the page that is shown.
        images: Images that the browser fetched.
    """

    error: str
    canvases: int
    annotations: int
    images: int


def browser() -> str | None:
    """Return a browser that is installed."""
    return next(filter(None, map(shutil.which, _BROWSERS)), None)


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Serves the folder of an export, and beside it the viewer."""

    viewer: Path
    fetched: list[str]

    def do_GET(self) -> None:
        """Answer a request."""
        if self.path == SCRIPT:
            self._answer(self.viewer.read_bytes(), "text/javascript")
        elif self.path.startswith(VIEW):
            manifest = json.dumps(unquote(self.path.partition("?")[2]))
            self._answer(_PAGE.replace("MANIFEST", manifest).encode(), "text/html")
        else:
            self.fetched.append(self.path)
            super().do_GET()

    def log_message(self, *_) -> None:
        """Print nothing."""

    def _answer(self, data: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def served(folder: Path, viewer: Path) -> Iterator[tuple[str, list[str]]]:
    """Serve a folder on this machine.

    Args:
        folder: The folder.
        viewer: mirador.min.js.

    Yields:
        Its address, and the paths of the files that were fetched.
    """
    fetched: list[str] = []
    kind = type("Handler", (_Handler,), {"viewer": viewer, "fetched": fetched})
    handler = functools.partial(kind, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", fetched
        finally:
            server.shutdown()


def open_manifest(address: str, manifest: str, fetched: list[str]) -> Opened:
    """Open a manifest in Mirador.

    Args:
        address: From `served`.
        manifest: Address of the manifest.
        fetched: From `served`.
    """
    fetched.clear()
    command = [browser(), "--headless=new", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    command += [f"--virtual-time-budget={_BUDGET_MS}", f"{address}{VIEW}?{manifest}"]
    done = subprocess.run(command, capture_output=True, check=True, text=True, timeout=180)
    found = _RESULT.search(done.stdout)
    stated = json.loads(html.unescape(found[1]) if found and found[1] else "{}")
    images = {path for path in fetched if path.endswith((".jpg", ".png", ".jpeg"))}
    return Opened(
        stated.get("error") or ("" if stated else "nothing was shown"),
        stated.get("canvases", 0),
        stated.get("annotations", 0),
        len(images),
    )
