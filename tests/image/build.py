"""Run the steps of deploy/Dockerfile in a bare Debian root, where there is no Docker.

    python -m tests.image.build ROOT [NAME=VALUE of --build-arg ...]

Then the tests beside this file try what came out. Needs root, debootstrap and Go. What `FROM` and
`COPY --from` would fetch from a registry is made here: Debian by debootstrap, Beam's starter by Go
from its sources.
A root is made anew when the Dockerfile has changed; when files that it copies have changed, the
steps from there on are repeated.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
DOCKERFILE = REPOSITORY / "deploy" / "Dockerfile"
_BOOT = "github.com/apache/beam/sdks/v2/python/container"
_CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
_PROXIES = ("http_proxy", "https_proxy", "no_proxy")
_STEPS = "var/steps"
# Instructions that change files.
_OF_FILES = ("FROM", "ARG", "RUN", "COPY")
_OWN_MOUNTS = "QUIRE_OWN_MOUNTS"
_MIRROR = "http://deb.debian.org/debian"


@dataclass
class Image:
    """What a Dockerfile says of its image, besides the files.

    Attributes:
        args: Values of `ARG`.
        env: Values of `ENV`.
        user: Value of `USER`.
        folder: Value of `WORKDIR`.
        entrypoint: Value of `ENTRYPOINT`.
    """

    args: dict[str, str] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    user: str = "root"
    folder: str = "/"
    entrypoint: tuple[str, ...] = ()


def instructions(text: str) -> Iterator[tuple[str, str]]:
    r"""Yield the instructions of a Dockerfile, each with its arguments.

    Example:
        >>> list(instructions("# x\nFROM a AS b\nRUN c && \\\n  d\n"))
        [('FROM', 'a AS b'), ('RUN', 'c &&   d')]
    """
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    for line in "\n".join(lines).replace("\\\n", "").splitlines():
        if line.strip():
            name, _, rest = line.strip().partition(" ")
            yield name.upper(), rest.strip()


def build(root: Path | None, build_args: Mapping[str, str]) -> Image:
    """Run the steps of the Dockerfile in a root.

    Args:
        root: Folder of the root; what an earlier call made there is used again. None to run none.
        build_args: Values of `--build-arg`.

    Returns:
        What the Dockerfile says besides.

    Raises:
        subprocess.CalledProcessError: If a step fails.
    """
    image, stages, key = Image(), {}, ""
    text = DOCKERFILE.read_text("utf-8")
    if root:
        files = [step for step in instructions(text) if step[0] in _OF_FILES]
        made_from = root / _STEPS / _digest(files, sorted(build_args.items()))
        if root.exists() and not made_from.exists():
            shutil.rmtree(root)
    for name, rest in instructions(text):
        if name == "FROM" and " AS " in rest:
            source, _, stage = rest.partition(" AS ")
            stages[stage] = source
        elif name == "FROM" and root:
            key = _make_debian(root, rest)
            made_from.parent.mkdir(parents=True, exist_ok=True)
            made_from.touch()
        elif name == "ARG":
            variable, _, value = rest.partition("=")
            image.args[variable] = build_args.get(variable, value)
        elif name == "ENV":
            variable, _, value = rest.partition("=")
            image.env[variable] = value
        elif name == "USER":
            image.user = re.sub(r"\$(\w+)", lambda match: image.args[match[1]], rest)
        elif name == "WORKDIR":
            image.folder = rest
        elif name == "ENTRYPOINT":
            image.entrypoint = tuple(json.loads(rest))
        elif name in ("RUN", "COPY") and root:
            key = _step(root, name, rest, image, stages, key)
        elif name not in ("FROM", "RUN", "COPY"):
            raise ValueError(f"{DOCKERFILE.name}: {name} is not known to {__name__}")
    return image


def _step(
    root: Path, name: str, rest: str, image: Image, stages: Mapping[str, str], key: str
) -> str:
    """Do a step unless it was done, and return what identifies the root after it."""
    *sources, target = rest.split() if name == "COPY" else [""]
    is_local = name == "COPY" and not sources[0].startswith("--from=")
    # A later step removes what is copied, so that all is copied again when one file has changed.
    key = _digest(key, name, rest, sorted(image.args.items()), _sources() if is_local else "")
    done = root / _STEPS / key
    if done.exists():
        return key
    print(f"{name} {rest[:90]}", flush=True)
    if name == "RUN":
        subprocess.run(inside(root, ["sh", "-ec", rest], image), check=True)
    elif not is_local:
        _copy_starter(root, stages[sources[0].partition("=")[2]], target)
    else:
        for source in sources:
            _copy(REPOSITORY / source, root / target.lstrip("/"), target.endswith("/"))
    done.touch()
    return key


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


@cache
def _sources() -> str:
    """Return a digest of all files that the Dockerfile copies from the repository."""
    digest = hashlib.sha256()
    for name, rest in instructions(DOCKERFILE.read_text("utf-8")):
        for source in rest.split()[:-1] if name == "COPY" and "--from=" not in rest else ():
            path = REPOSITORY / source
            for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
                if file.is_file() and "__pycache__" not in file.parts:
                    digest.update(str(file.relative_to(REPOSITORY)).encode() + file.read_bytes())
    return digest.hexdigest()


def _copy(source: Path, target: Path, is_folder: bool) -> None:
    if source.is_dir():
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source, target, dirs_exist_ok=True, ignore=ignored)
        return
    if is_folder:
        target.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)


def _copy_starter(root: Path, source: str, target: str) -> None:
    """Build what starts a worker of Beam, of the version in the name of Beam's image."""
    version = source.rpartition(":")[2]
    folder = root / target.lstrip("/")
    folder.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"GOBIN": str(folder), "CGO_ENABLED": "0"}
    subprocess.run(["go", "install", f"{_BOOT}@v{version}"], check=True, env=environment)
    (folder / "container").rename(folder / "boot")


def _make_debian(root: Path, name: str) -> str:
    """Make a root with nothing but Debian's smallest set of packages."""
    release = re.fullmatch(r"debian:(\w+)-slim", name)
    if not release:
        raise ValueError(f"FROM {name}: not a Debian that debootstrap makes")
    if not root.exists():
        print(f"debootstrap {release[1]}", flush=True)
        part = root.with_name(f"{root.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        mirror = os.environ.get("DEBIAN_MIRROR", _MIRROR)
        command = ["debootstrap", "--variant=minbase", release[1], str(part), mirror]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        part.rename(root)
    for kind, folder in (("proc", "proc"), ("tmpfs", "dev/shm")):
        if not os.path.ismount(root / folder):
            subprocess.run(["mount", "-t", kind, kind, str(root / folder)], check=True)
    # Docker writes these, too.
    for written in ("resolv.conf", "hosts"):
        shutil.copy(f"/etc/{written}", root / "etc" / written)
    # Behind a proxy that looks into TLS, the host has authorities that Debian lacks.
    if Path(f"/{_CERTIFICATES}").exists():
        shutil.copy(f"/{_CERTIFICATES}", root / "etc" / "host-certificates.crt")
    return name


def inside(root: Path, command: list[str], image: Image) -> list[str]:
    """Return the command that runs another one in a root, as a container would.

    Args:
        root: Folder of the root.
        command: Program and arguments.
        image: What the Dockerfile has said so far.
    """
    own = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/tmp"}  # noqa: S108
    own |= {name: os.environ.get(name, "") for name in _PROXIES}
    if (root / "etc" / "host-certificates.crt").exists():
        own["PIP_CERT"] = "/etc/host-certificates.crt"
    settings = [f"{name}={value}" for name, value in (own | image.args | image.env).items()]
    entered = ["chroot", f"--userspec={image.user}", str(root), "/usr/bin/env", "-C", image.folder]
    return [*entered, "-i", *settings, *command]


def main() -> int:
    """Build the root that the arguments name, and try it."""
    if len(sys.argv) < 2:
        print("usage: python -m tests.image.build ROOT [NAME=VALUE ...]", file=sys.stderr)
        return 2
    for program in ("debootstrap", "go", "chroot"):
        if shutil.which(program) is None:
            print(f"make test-image needs {program}; install it", file=sys.stderr)
            return 2
    if os.geteuid():
        print("chroot needs root; run it with sudo", file=sys.stderr)
        return 2
    if _OWN_MOUNTS not in os.environ:
        # What is mounted is gone when this process ends, however it ends.
        os.environ[_OWN_MOUNTS] = "yes"
        again = [sys.executable, "-m", "tests.image.build", *sys.argv[1:]]
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", *again])
    root = Path(sys.argv[1]).absolute()
    root.parent.mkdir(parents=True, exist_ok=True)
    image = build(root, dict(argument.split("=", 1) for argument in sys.argv[2:]))
    print(f"{root}: {image.user}, {' '.join(image.entrypoint)}", flush=True)
    os.environ["QUIRE_TEST_IMAGE"] = str(root)
    tests = [sys.executable, "-m", "pytest", str(Path(__file__).parent)]
    return subprocess.run(tests, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
