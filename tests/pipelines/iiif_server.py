"""An IIIF server on the loopback interface, with drawn pages and scripted misbehaviour."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np

from tests.drawn import jpeg

_SIZED = re.compile(r"/iiif/(\w+)/full/(full|max|[0-9]+,[0-9]*)/0/default\.jpg")
_INFO = re.compile(r"/iiif/(\w+)/info\.json")


@dataclass(frozen=True)
class Scripted:
    """A prepared answer.

    Attributes:
        status: HTTP status.
        body: Content.
        headers: Further headers; the value None omits a header.
        silence_s: Delay before the answer.
        drip_s: Delay after each byte.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str | None] = field(default_factory=dict)
    silence_s: float = 0.0
    drip_s: float = 0.0


class IiifServer:
    """Pages and scripted answers by path.

    Attributes:
        address: Address of the server, without a trailing slash.
        pages: Name of each page to its image.
        offers: Name of a page to what its service says of itself, and keeps to: `maxWidth`, or
            with the profile 'level0' a list of `sizes`.
        scripted: Path to its answers in order; the last one is repeated.
        asked: (time, path) of all requests.
    """

    def __init__(self):
        self.address = ""
        self.pages: dict[str, np.ndarray] = {}
        self.offers: dict[str, dict] = {}
        self.scripted: dict[str, list[Scripted]] = {}
        self.asked: list[tuple[float, str]] = []

    @property
    def paths(self) -> list[str]:
        return [path for _, path in self.asked]

    def answer(self, path: str) -> Scripted:
        self.asked.append((time.monotonic(), path))
        if path in self.scripted:
            answers = self.scripted[path]
            return answers.pop(0) if len(answers) > 1 else answers[0]
        info, sized = _INFO.fullmatch(path), _SIZED.fullmatch(path)
        if info and info[1] in self.offers:
            return Scripted(body=json.dumps(self.offers[info[1]]).encode())
        name = sized[1] if sized else path[1:].removesuffix(".jpg")
        page = self.pages.get(name)
        if page is None:
            return Scripted(404, b"<html>no such page</html>")
        return self._sized(name, page, sized[2]) if sized else Scripted(body=jpeg(page))

    def _sized(self, name: str, page: np.ndarray, size: str) -> Scripted:
        offer = self.offers.get(name, {})
        listed = [f"{one['width']},{one['height']}" for one in offer.get("sizes", [])]
        height, whole = page.shape
        most = offer.get("maxWidth", whole)
        width = {"max": min(whole, most), "full": whole}.get(size) or int(size.split(",")[0])
        if offer.get("profile") == "level0" and size not in ("max", *listed):
            return Scripted(404, b"not here")
        if width > most:
            return Scripted(403, b"too large")
        if width > whole:
            return Scripted(400, b"will not enlarge")
        return Scripted(body=jpeg(cv2.resize(page, (width, round(height * width / whole)))))

    def resource(self, name: str, version: int) -> dict:
        """Return the description of a page's image in a manifest."""
        height, width = self.pages[name].shape
        service = f"{self.address}/iiif/{name}"
        plain = {"format": "image/jpeg", "width": width, "height": height}
        if version == 2:
            context = "http://iiif.io/api/image/2/context.json"
            level = "http://iiif.io/api/image/2/level1.json"
            given = {"@context": context, "@id": service, "profile": level}
            kind = {"@id": f" {self.address}/{name}.jpg\n", "@type": "dctypes:Image"}
            return {**kind, **plain, "service": given}
        given = {"id": service, "type": "ImageService3", "profile": "level1"}
        return {"id": f"{self.address}/{name}.jpg\t", "type": "Image", **plain, "service": [given]}

    def manifest(self, version: int) -> dict:
        """Return a manifest of all pages."""
        canvases = [self.canvas(name, version) for name in self.pages]
        if version == 2:
            context = "http://iiif.io/api/presentation/2/context.json"
            kind = {"@context": context, "@id": "x", "@type": "sc:Manifest"}
            return {**kind, "sequences": [{"canvases": canvases}]}
        context = "http://iiif.io/api/presentation/3/context.json"
        return {"@context": context, "id": "x", "type": "Manifest", "items": canvases}

    def canvas(self, name: str, version: int) -> dict:
        """Return the canvas of a page; as usual, its id cannot be fetched."""
        height, width = self.pages[name].shape
        canvas_id = f"  https://example.org/canvas/{name}\n"
        size = {"width": width, "height": height}
        resource = self.resource(name, version)
        if version == 2:
            image = {"motivation": "sc:painting", "on": canvas_id, "resource": resource}
            return {"@id": canvas_id, "label": f"f. {name}", **size, "images": [image]}
        painting = {"motivation": "painting", "target": canvas_id, "body": resource}
        items = [{"type": "AnnotationPage", "items": [painting]}]
        return {"id": canvas_id, "label": {"none": [f"f. {name}"]}, **size, "items": items}


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        answer = self.server.iiif.answer(self.path)
        time.sleep(answer.silence_s)
        length = {"Content-Length": str(len(answer.body))}
        try:
            self.send_response(answer.status)
            for name, value in {**length, **answer.headers}.items():
                if value is not None:
                    self.send_header(name, value)
            self.end_headers()
            if not answer.drip_s:
                self.wfile.write(answer.body)
            for byte in answer.body if answer.drip_s else b"":
                self.wfile.write(bytes([byte]))
                time.sleep(answer.drip_s)
        except ConnectionError:
            self.close_connection = True

    def log_message(self, *message):
        """Log nothing."""


@contextmanager
def serve_iiif() -> Iterator[IiifServer]:
    """Run a server while the context lasts."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.iiif = IiifServer()
    server.iiif.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.iiif
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
