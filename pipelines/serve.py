"""Serve transcripts as web pages: search, read, try and correct them in a browser."""

from __future__ import annotations

import argparse
import errno
import getpass
import secrets
import socket

from pipelines.cli.main import command_main
from pipelines.cli.options import EXIT_OK, UsageError, verb_parser
from pipelines.cli.places import local_fault
from schemas.process_end import end_process

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_MADE = "new"


def _parser() -> argparse.ArgumentParser:
    parser = verb_parser("serve", __doc__, takes_beam_flags=False)
    add = parser.add_argument
    add("--transcripts", required=True, help="folder that transcribe wrote")
    add("--host", default="127.0.0.1", help="address to listen at; 0.0.0.0 for all of the machine")
    add("--port", type=_port, default=8000, help="port to listen at")
    add(
        "--token",
        default="",
        help=f"secret that browsers give once, in the address; '{_MADE}' makes one. Beyond "
        "this machine either this or --user_header is needed",
    )
    add(
        "--user_header",
        default="",
        metavar="NAME",
        help="header in which a reverse proxy names the user who signed in, as X-Remote-User; only "
        "the proxy may reach the port",
    )
    add(
        "--allow_host",
        nargs="+",
        default=[],
        metavar="NAME",
        help="further names of this machine in the address bar of browsers",
    )
    add("--user", default="", help="who corrects, where no proxy tells (default: your login)")
    add("--cache", default="", help="folder of the index of words (default: in ~/.cache/quire)")
    add("--model", default="default", help="folder of the model that reads uploads")
    return parser


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text} is no port; give a number up to 65535")
    return int(text)


def _run(args: argparse.Namespace) -> int:
    is_local = args.host in _LOOPBACK
    if not is_local and not args.token and not args.user_header:
        raise UsageError(
            f"--host {args.host} lets other machines in; add --token {_MADE}, or "
            "--user_header NAME behind a reverse proxy that signs users in"
        )
    if fault := local_fault(args.transcripts):
        raise UsageError(f"--transcripts {args.transcripts} {fault}")
    try:
        import uvicorn

        from pipelines.web.app import make_app
    except ModuleNotFoundError as error:
        raise UsageError(
            f"serve needs the package {error.name}; pip install 'quire-htr[web]'"
        ) from None
    from pipelines.web.config import LOOPBACK, ServeConfig

    token = secrets.token_urlsafe(24) if args.token == _MADE else args.token
    # Any name leads to a machine that others reach; there the token stands against rebinding.
    hosts = (*LOOPBACK, *map(str.lower, args.allow_host)) if is_local else ()
    config = ServeConfig(
        args.transcripts,
        cache=args.cache,
        hosts=hosts,
        token=token,
        user_header=args.user_header,
        user=args.user or _login(),
        model=args.model,
    )
    with _listening(args.host, args.port) as listener:
        app = make_app(config)
        port = listener.getsockname()[1]
        shown = f"[{args.host}]" if ":" in args.host else args.host
        print(f"http://{shown}:{port}/{f'?token={token}' if token else ''}", flush=True)
        settings = uvicorn.Config(app, log_level="warning", server_header=False, access_log=False)
        uvicorn.Server(settings).run(sockets=[listener])
    return EXIT_OK


def _login() -> str:
    try:
        return getpass.getuser()
    # Where the user has no name, as in some containers.
    except (KeyError, OSError):
        return "unknown"


def _listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens; before the tables are opened, which may take a while."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UsageError(
                f"--port {port} is in use, perhaps by another serve; give another --port"
            ) from None
        raise UsageError(f"--host {host} --port {port}: {error.strerror or error}") from None
    return listener


main = command_main(_parser, _run)

if __name__ == "__main__":
    end_process(main)
