"""Kill the process that does a given file operation; Python imports this file as it starts.

The operations of all processes that share a log are counted in one sequence. Only those that
change something beneath one folder count.
"""

import os
import signal
import sys

# The folder, the log of operations, the number of the one to kill at, and 'before' or 'middle'.
FOLDERS, LOG, AT, MOMENT = "DRILL_FOLDERS", "DRILL_LOG", "DRILL_AT", "DRILL_MOMENT"
# Events of `sys.addaudithook`, with the places of the paths among their arguments.
_CHANGING = {
    "os.rename": (0, 1), "os.remove": (0,), "os.mkdir": (0,), "os.rmdir": (0,), "os.link": (1,),
    "os.symlink": (1,), "os.truncate": (0,), "os.utime": (0,),
}  # fmt: skip
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def install():
    """Watch this process, if the environment asks for it."""
    if not os.environ.get(LOG):
        return
    folders = tuple(os.environ[FOLDERS].split(os.pathsep))
    log = os.open(os.environ[LOG], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    at, moment = int(os.environ[AT]), os.environ[MOMENT]
    written = []

    def watch(event, arguments):
        if event == "open":
            path, _, flags = arguments
            if not (isinstance(flags, int) and flags & _WRITING):
                return
            paths = [path]
        elif event in _CHANGING:
            paths = [arguments[place] for place in _CHANGING[event]]
        else:
            return
        paths = [os.fsdecode(path) for path in paths if isinstance(path, (str, bytes))]
        if not any(os.path.abspath(path).startswith(folders) for path in paths):
            return
        if written:
            # What was being written is cut in the middle, as if it had not come further.
            path = written[0]
            _cut(path)
            os.kill(os.getpid(), signal.SIGKILL)
        os.write(log, b".")
        # Where this process wrote; others may have written since.
        if os.lseek(log, 0, os.SEEK_CUR) != at:
            return
        if moment == "middle" and event == "open":
            written.append(paths[0])
        elif moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)


def _cut(path):
    descriptor = -1
    try:
        # Not by its path, which would be an event of its own.
        descriptor = _open_quietly(path)
        size = os.fstat(descriptor).st_size
        _ftruncate(descriptor, size // 2)
    except OSError:
        pass


def _open_quietly(path):
    import ctypes

    descriptor = ctypes.CDLL(None, use_errno=True).open(os.fsencode(path), os.O_WRONLY)
    if descriptor < 0:
        raise OSError(path)
    return descriptor


def _ftruncate(descriptor, size):
    import ctypes

    ctypes.CDLL(None).ftruncate(descriptor, ctypes.c_long(size))


install()
