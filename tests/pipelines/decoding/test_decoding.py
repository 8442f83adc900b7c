"""Images are decoded apart, within limits, and what happens to one does not reach the next."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.images.decode import decode_page_frame
from model.images.dpi import page_dpi
from model.images.pages import open_page
from pipelines.decoding import decoder as decoder_module
from pipelines.decoding import pool
from pipelines.decoding.deadline import TimeLimitError, deadline_in
from pipelines.decoding.decoder import DecoderGone
from pipelines.decoding.images import SharedFile, count_pages, decode
from tests.drawn import encoded, jpeg, png, text_strip
from tests.pipelines.decoding import hostile_files as hostile

pytestmark = pytest.mark.skipif(not pool.is_possible(), reason="decoders need Linux")
PAGE = text_strip("acte de mariage")


@pytest.fixture(autouse=True)
def _fresh():
    pool.stop_decoders()
    yield
    pool.stop_decoders()


def idle_pids() -> list[int]:
    return [one._process.pid for one in pool._idle]


FILES = {
    "JPEG": jpeg(PAGE),
    "JPEG without its end": jpeg(PAGE)[:-2],
    "PNG": png(PAGE),
    "negative": png(255 - PAGE),
    "TIFF": encoded(Image.fromarray(PAGE), "TIFF", dpi=(300, 300)),
    "PDF": encoded(Image.fromarray(PAGE), "PDF", resolution=150),
}


@pytest.mark.parametrize("data", FILES.values(), ids=FILES.keys())
def test_a_decoder_gives_what_this_process_would(data):
    file = SharedFile(data)
    assert count_pages(file) == 1
    for is_paged in (False, True):
        try:
            frame = (open_page if is_paged else decode_page_frame)(io.BytesIO(data), 1)
        except ValueError:
            with pytest.raises(ValueError, match="image does not decode"):
                decode(file, None, is_paged)
            continue
        found, dpi = decode(file, None, is_paged)
        assert np.array_equal(found.grey, frame.grey) and found.grey.flags.writeable
        assert (found.orientation, found.warnings) == (frame.orientation, frame.warnings)
        assert dpi == page_dpi(io.BytesIO(data), None, frame.grey.shape[1])
    assert len(idle_pids()) == 1


def test_an_open_file_stays_where_it_is(tmp_path):
    (tmp_path / "a.png").write_bytes(png(PAGE))
    with open(tmp_path / "a.png", "rb") as file:
        file.read(5)
        assert decode(file, 1, is_paged=True)[0].grey.shape == PAGE.shape
        assert file.tell() == 5 and file.read() == png(PAGE)[5:]


def test_pages_of_all_sizes_take_turns():
    rng = np.random.default_rng(0)
    for height, width in ((900, 700), (3, 5), (64, 1), (1000, 800), (1, 1)):
        page = rng.integers(0, 256, (height, width)).astype(np.uint8)
        assert np.array_equal(
            decode(SharedFile(png(page)), None, False)[0].grey,
            decode_page_frame(io.BytesIO(png(page)), 1).grey,
        )


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", "image does not decode"),
        (b"no image", "image does not decode .none of"),
        (png(PAGE)[:60], "image does not decode"),
        (hostile.png(1, 150_000), "image has 1 x 150000 px, more than 100,000 a side"),
        (hostile.png(150_000, 1), "image has 150000 x 1 px, more than 100,000 a side"),
        (hostile.png(20_000, 20_000, 16)[:200], "20000 x 20000 px of 16 bits or more"),
        (hostile.png(30_000, 20_000)[:200], "30000 x 20000 px; scale it down"),
    ],
)
def test_a_bad_image_is_an_error_and_costs_no_decoder(data, error):
    decode(SharedFile(png(PAGE)), None, False)
    before = idle_pids()
    with pytest.raises(ValueError, match=error):
        decode(SharedFile(data), None, False)
    assert idle_pids() == before


def test_what_takes_too_much_memory_is_an_error_and_the_next_image_is_decoded(monkeypatch):
    monkeypatch.setattr(decoder_module, "_memory_limit", lambda free: 80_000_000)
    with pytest.raises(ValueError, match="memory.*(scale it down|replace the file)"):
        decode(SharedFile(hostile.png(8_000, 8_000, 16)), None, False)
    assert decode(SharedFile(png(PAGE)), None, False)[0].grey.shape == PAGE.shape


@pytest.mark.parametrize("data", [hostile.self_drawing_pdf(), hostile.burning_pdf()])
def test_a_pdf_without_end_is_killed_at_the_limit(data, monkeypatch):
    monkeypatch.setattr(decoder_module, "_memory_limit", lambda free: 300_000_000)
    pool.await_decoder()
    (pid,) = idle_pids()
    started = time.monotonic()
    with (
        deadline_in(1.0),
        pytest.raises((TimeLimitError, DecoderGone), match="longer than 1 s|of memory"),
    ):
        decode(SharedFile(data), None, True)
    assert time.monotonic() - started < 20
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_hanging_pdfs_do_not_hold_up_their_neighbours(monkeypatch):
    started = []
    new = pool._new
    monkeypatch.setattr(pool, "_new", lambda: started.append(new()) or started[-1])
    hanging, over = SharedFile(hostile.burning_pdf()), []

    def hang():
        with deadline_in(300), pytest.raises((DecoderGone, OSError)):
            decode(hanging, None, True)
        over.append(True)

    threads = [threading.Thread(target=hang) for _ in range(2)]
    for thread in threads:
        thread.start()
    while len(started) < 2:
        time.sleep(0.01)
    busy = started[:2]
    for _ in range(3):
        assert decode(SharedFile(FILES["PDF"]), None, True)[0].grey.size
    assert not over
    for one in busy:
        os.kill(one._process.pid, signal.SIGKILL)
    for thread in threads:
        thread.join()
    assert len(over) == 2


def test_a_decoder_that_was_killed_is_an_error_that_may_pass():
    pool.await_decoder()
    (pid,) = idle_pids()
    threading.Timer(0.3, os.kill, (pid, signal.SIGKILL)).start()
    with pytest.raises(DecoderGone, match="memory ran out") as caught:
        decode(SharedFile(hostile.burning_pdf()), None, True)
    assert caught.value.is_transient


def test_an_idle_decoder_that_was_killed_is_replaced():
    pool.await_decoder()
    os.kill(idle_pids()[0], signal.SIGKILL)
    time.sleep(1)
    assert decode(SharedFile(png(PAGE)), None, False)[0].grey.shape == PAGE.shape


KILLED = """
import sys, time
from pipelines.decoding import pool
from pipelines.decoding.images import SharedFile, decode
pool.await_decoder()
print(pool._idle[0]._process.pid, flush=True)
decode(SharedFile(sys.stdin.buffer.read()), None, True)
"""


def test_a_decoder_ends_with_its_process_also_while_it_decodes():
    root = Path(__file__).parents[3]
    with subprocess.Popen(
        [sys.executable, "-c", KILLED], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root
    ) as process:
        pid = int(process.stdout.readline())
        process.stdin.write(hostile.burning_pdf())
        process.stdin.close()
        time.sleep(0.3)
        process.kill()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
            stat = Path(f"/proc/{pid}/stat").read_text()
        except (ProcessLookupError, FileNotFoundError):
            return
        if stat.rpartition(") ")[2][0] in "ZX":
            return
        time.sleep(0.05)
    pytest.fail("the decoder goes on")
