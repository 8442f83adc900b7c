"""The pages in a real browser: search, zoom, correct, keyboard only, without JavaScript, narrow."""

import os
import shutil
import threading
import time
from pathlib import Path

import pytest

pytest.importorskip("playwright")
pytest.importorskip("starlette")
pytest.importorskip("uvicorn")

import uvicorn
from playwright.sync_api import sync_playwright

from pipelines.corrections.log import CorrectionLog
from pipelines.web.app import make_app
from tests.drawn import png, text_strip

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
# axe-core of npm: `npm install axe-core`, and the path of axe.min.js.
AXE = os.environ.get("AXE", "node_modules/axe-core/axe.min.js")

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs Chromium")


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as started:
        # As root, as in a container, Chromium has no sandbox.
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = started.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def address(config):
    """Serve the archive, and return the address."""
    server = uvicorn.Server(uvicorn.Config(make_app(config), port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < until
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def visit(chromium, address):
    """Open an address in a window of its own; what the browser complains of fails the test."""
    complaints, contexts = [], []

    def open_page(path: str, width: int = 1200, **options):
        context = chromium.new_context(viewport={"width": width, "height": 800}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda said: (
                complaints.append(said.text)
                if said.type == "error" and "status of 409" not in said.text
                else None
            ),
        )
        page.goto(address + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def read_page(visit, **options):
    """Open the page with 'fils de Jeun'."""
    page = visit("/search?q=jeun", **options)
    page.click(".hits .text a")
    page.wait_for_url("**/page/**")
    return page


def test_search_leads_to_the_line_on_its_image(visit):
    page = visit("/")
    page.fill("#words", "jean")
    page.keyboard.press("Enter")
    page.wait_for_selector("mark")
    assert page.inner_text("mark") == "Jeun"
    until = time.monotonic() + 15
    while page.evaluate("document.querySelector('.cut img').naturalWidth") < 300:
        assert time.monotonic() < until
        page.wait_for_timeout(100)
    page.click("summary")
    page.select_option("select[name=how]", "exact")
    page.wait_for_url("**how=exact**")
    page.wait_for_selector("text=No line has this word")
    page.go_back()
    page.wait_for_selector("mark")
    page.click(".hits .text a")
    page.wait_for_selector("#viewer[data-ready]")
    assert page.url.endswith("#line-2")
    assert page.get_attribute("#line-2", "class") == "line lit"


def test_text_and_image_are_tied_and_the_image_zooms(visit):
    page = read_page(visit)
    page.wait_for_selector("#viewer[data-ready]")
    page.hover("#line-3")
    assert "lit" in page.get_attribute('#outlines a[data-line="2"]', "class")
    page.click("[data-zoom=fit]")
    page.wait_for_timeout(1000)
    page.hover('#outlines a[data-line="0"] polygon', force=True)
    page.wait_for_selector("#line-1.lit")
    page.click('#outlines a[data-line="2"] polygon', force=True)
    page.wait_for_url("**#line-3")
    zoom = "window.quireViewer.viewport.getZoom()"
    before = page.evaluate(zoom)
    page.click("[data-zoom=in]")
    page.wait_for_timeout(1000)
    assert page.evaluate(zoom) > before * 1.2
    page.fill("[data-filter=contrast]", "200")
    assert "contrast(200%)" in page.evaluate("window.quireViewer.drawer.canvas.style.filter")


def test_lines_are_corrected_with_the_keyboard_alone(visit, archive):
    page = read_page(visit)
    page.wait_for_selector("#viewer[data-ready]")
    # To the link of the second line, by tab alone.
    for _ in range(60):
        if page.evaluate("document.activeElement.getAttribute('aria-label')") == "Correct line 2":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#line-2 input[type=text]:focus")
    page.keyboard.press("Control+a")
    page.keyboard.type("fils de Jean")
    page.keyboard.press("Enter")
    page.wait_for_selector("#line-3 input[type=text]:focus")
    assert "fils de Jean" in page.inner_text("#line-2")
    # Another reading by its number; then back without saving.
    page.keyboard.press("Alt+1")
    assert page.input_value("#line-3 input[type=text]") == "le notaire de Paris"
    page.keyboard.press("Escape")
    page.wait_for_selector("#line-3:not(.editing)")
    page.keyboard.press("Enter")
    page.wait_for_selector("#line-3 input[type=text]:focus")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=That was the last line")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Done, ada")
    log = CorrectionLog(archive.transcripts).state().all
    assert [(one.line_id, one.kind.value, one.text) for one in log] == [
        ("l1", "text", "fils de Jean"),
        ("l2", "text", "le maire de Paris"),
        ("", "page_done", ""),
    ]


def test_letters_are_at_hand(visit):
    page = read_page(visit)
    page.click("#line-2 .correct")
    page.wait_for_selector("#line-2 input[type=text]:focus")
    page.click("[data-letter=É]")
    assert page.input_value("#line-2 input[type=text]") == "fils de JeunÉ"


def test_two_people_at_one_line(visit, archive):
    pages = [read_page(visit) for _ in range(2)]
    for page in pages:
        page.click("#line-2 .correct")
        page.wait_for_selector("#line-2 input[type=text]:focus")
    pages[0].keyboard.type("!")
    pages[0].keyboard.press("Enter")
    pages[0].wait_for_selector("#line-3.editing")
    pages[1].keyboard.type("?")
    pages[1].keyboard.press("Enter")
    pages[1].wait_for_selector("#line-2 [role=alert]")
    assert "fils de Jeun!" in pages[1].inner_text("#line-2")
    assert pages[1].input_value("#line-2 input[type=text]") == "fils de Jeun?"
    assert len(CorrectionLog(archive.transcripts).state().all) == 1


def test_an_upload_is_read(visit, tmp_path):
    (tmp_path / "line.png").write_bytes(png(text_strip("acte")))
    page = visit("/try")
    page.set_input_files("#picture", tmp_path / "line.png")
    page.click("text=Read it")
    page.wait_for_url("**/try/*", timeout=60_000)
    page.wait_for_selector("#viewer[data-ready]")
    assert page.locator(".line").count() == 1


def test_without_javascript(visit, archive):
    page = read_page(visit, java_script_enabled=False)
    assert page.get_attribute("#outlines image", "href").endswith("/whole.jpg")
    page.click("#line-2 .correct")
    page.fill("input[name=text]", "fils de Jean")
    page.keyboard.press("Enter")
    page.wait_for_url("**edit=2**")
    assert "fils de Jean" in page.inner_text("#line-2")
    (one,) = CorrectionLog(archive.transcripts).state().all
    assert one.text == "fils de Jean"


@pytest.mark.parametrize("path", ["/", "/search?q=acte", "/browse", "/work", "/try"])
def test_narrow_windows_need_no_scrolling_sideways(visit, path):
    page = visit(path, width=400)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_a_page_fits_a_narrow_window(visit):
    page = read_page(visit, width=400)
    page.wait_for_selector("#viewer[data-ready]")
    page.click("#line-2 .correct")
    page.wait_for_selector("#line-2 input[type=text]:focus")
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


@pytest.mark.skipif(not Path(AXE).is_file(), reason="needs axe-core: set AXE to its axe.min.js")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/search?q=acte", "/browse", "/work", "/try", "page"])
def test_axe_finds_nothing(visit, scheme, path):
    # The policy of the pages lets no foreign script in.
    options = {"color_scheme": scheme, "bypass_csp": True}
    page = visit(path, **options) if path != "page" else read_page(visit, **options)
    if path == "page":
        page.wait_for_selector("#viewer[data-ready]")
        page.click("#line-2 .correct")
        page.wait_for_selector("#line-2 input[type=text]:focus")
        page.wait_for_timeout(300)
    page.add_script_tag(path=AXE)
    found = page.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']})")
    told = [(one["id"], one["nodes"][0]["html"][:200]) for one in found["violations"]]
    assert told == []
