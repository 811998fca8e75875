"""Serves the page of ``app.ipynb`` from this machine to this machine alone, by Voilà."""

import os
import secrets
import socket
import tempfile
import threading
import webbrowser
from pathlib import Path

from ..errors import EmotutilsError

NOTEBOOK = Path(__file__).with_name("app.ipynb")
HOST = "127.0.0.1"
#: Nothing on the page may ask any other machine: Voilà's own template would, for a typeface.
POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; connect-src 'self'; "
    "frame-ancestors 'self'"
)
#: Bytes of one message: an upload comes as one, and is a little larger than its film.
MESSAGE = 256 * 2**20


def serve(
    folder: str | os.PathLike = ".", *, port: int | None = None, browser: bool = True
) -> None:
    """Serve the page until Ctrl-C.

    Nobody else reaches it: it listens to this machine alone and asks for the token that stands in
    its address, because it can open every film that you can. What it writes for itself lies in a
    temporary folder that goes when it ends.

    Parameters
    ----------
    folder : where its list of films begins.
    port : None: one that is free.
    browser : open a browser; else only the address is printed.

    Raises
    ------
    EmotutilsError : no such folder, or the port is taken.
    """
    folder = Path(folder).resolve()
    if not folder.is_dir():
        raise EmotutilsError(f"{folder}: no such folder")
    port = _free(port)
    # Here, because only the course's install has it.
    from voila.app import Voila

    token = secrets.token_urlsafe(24)
    address = f"http://{HOST}:{port}/?token={token}"
    settings = {
        "websocket_max_message_size": MESSAGE,
        "allow_remote_access": False,
        "headers": {"Content-Security-Policy": POLICY},
    }
    options = {
        "ip": HOST,
        "port": port,
        "port_retries": 0,
        "token": token,
        "open_browser": False,
        "config_file_paths": [],
        "tornado_settings": settings,
        "log_level": "ERROR",
    }
    print(f"The page is at {address}\nStop it with Ctrl-C.", flush=True)
    if browser:
        threading.Timer(1, webbrowser.open, [address]).start()
    with tempfile.TemporaryDirectory(prefix="emotutils-") as kept:
        # The kernel inherits both: where its list begins, and where its temporary files lie.
        os.environ["EMOTUTILS_APP_FOLDER"] = str(folder)
        os.environ["TMPDIR"] = kept
        server = Voila(**options, connection_dir_root=kept)
        server.initialize([str(NOTEBOOK)])
        server.start()


def _free(port: int | None) -> int:
    """The port that is asked for, or one that is free.

    Raises
    ------
    EmotutilsError : it is taken, or no port.
    """
    if port is not None and port > 65535:
        raise EmotutilsError(f"port {port}: choose 1 to 65535 (--port), or none")
    with socket.socket() as one:
        try:
            one.bind((HOST, port or 0))
        except OSError as error:
            raise EmotutilsError(
                f"port {port}: {error.strerror}; choose another (--port), or none"
            ) from None
        return one.getsockname()[1]
