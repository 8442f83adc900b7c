"""`--part` on buckets: the parts of one run, whatever becomes of them, and a run alone."""

from __future__ import annotations

import time

from tests.pipelines.buckets.tables_read import rows_of

HURRIED = "tests.pipelines.buckets.hurried"


def flags_of(archive, output):
    flags = [f"--input={archive / 'in'}", f"--model={archive / 'm'}", f"--output={output}"]
    return [*flags, f"--root={archive}", "--jobs=1", "--max_failure_rate=1"]


def ended(child):
    out, err = child.communicate(timeout=240)
    assert "Traceback" not in err, err
    return child.returncode, out, err


def test_parts_that_start_at_once_and_one_that_is_killed_and_started_again(
    bucket, archive, tmp_path
):
    output, gate = bucket.place(), tmp_path / "gate"
    flags = flags_of(archive, output)

    def part(number):
        return bucket.start(
            "transcribe", f"--part={number}/3", *flags, module=HURRIED, GATE=str(gate)
        )

    children = {number: part(number) for number in (1, 2, 3)}
    # All are in the middle, or have no second page.
    while not all(
        child.poll() is not None or gate.with_name(f"gate.{child.pid}").exists()
        for child in children.values()
    ):
        time.sleep(0.1)
    waiting = [number for number, child in children.items() if child.poll() is None]
    assert waiting
    held = bucket.names(f"{output}/.unfinished")
    assert [name for name in held if name.startswith("lock.shared-")]
    alone = bucket.run("transcribe", *flags, module=HURRIED)
    assert alone.returncode == 4 and "another run (part " in alone.stderr, alone.stderr
    killed = waiting[0]
    children[killed].kill()
    children[killed].wait()
    # Its lock is there, until it expires.
    again = part(killed)
    gate.touch()
    said = [ended(again), *(ended(child) for n, child in children.items() if n != killed)]
    assert [status for status, _, _ in said] == [0, 0, 0], said
    assert "".join(out for _, out, _ in said).count("all 3 parts are done\n") == 1, said
    read = rows_of(bucket.get(output, tmp_path / "out"))
    assert read == rows_of(archive / "out")


def test_a_run_alone_finishes_what_parts_left(bucket, archive, tmp_path):
    output = bucket.place()
    flags = flags_of(archive, output)
    done = bucket.run("transcribe", "--part=2/3", *flags)
    assert done.returncode == 0 and "1 of 3 parts is done" in done.stdout, done.stderr
    other = bucket.run("transcribe", "--part=1/4", *flags)
    assert other.returncode == 2 and "has 3 parts; give --part K/3" in other.stderr
    assert other.stderr.count("\n") == 1
    alone = bucket.run("transcribe", *flags)
    assert alone.returncode == 0, alone.stderr
    assert "of its parts, 1, 3 were not done" in alone.stderr
    read = rows_of(bucket.get(output, tmp_path / "out"), has_runs=False)
    assert read == rows_of(archive / "out", has_runs=False)
    assert not [name for name in bucket.names(output) if name.startswith(".unfinished/")]


def test_a_part_is_refused_while_a_run_alone_is_at_work(bucket, archive):
    output = bucket.place()
    lock = f"{output}/.unfinished/lock"
    bucket.store.write(lock, b'{"holder": "another machine", "token": "x"}')
    done = bucket.run("transcribe", "--part=1/2", *flags_of(archive, output))
    assert done.returncode == 4 and done.stderr.count("\n") == 1
    assert "another run (another machine) writes here" in done.stderr
    # Its own marks are gone.
    assert bucket.names(f"{output}/.unfinished") == ["lock"]
