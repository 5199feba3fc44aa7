"""What `explore --serve` answers with: a page for this machine's browser alone, and the network behind it.

It listens on the loopback interface. Its address holds a token that nobody can guess, and a request that names another
host, as one that another page makes a browser send, is refused.
"""

import json
import secrets
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from audit.cli.output import visible
from audit.errors import AuditError

HOST = "127.0.0.1"
MOST_ASKED = 4096
"""Bytes of one question."""
SECONDS = 30
"""For which a connection may be silent."""
HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
Answer = Callable[[Any], Any]
"""From a question to an answer, both as JSON. Raises AuditError, or ValueError and the like for what is no question."""
NO_QUESTION = (ValueError, TypeError, LookupError, RecursionError)


class ExploreServer(ThreadingHTTPServer):
    """Serves one page at `address` until it is shut down. A port of 0 is any that is free."""

    daemon_threads = True

    def __init__(self, page: str, looks: Answer | None, asks: Answer | None, port: int = 0) -> None:
        super().__init__((HOST, port), _Handler)
        self.page, self.token = page.encode(), secrets.token_urlsafe(32)
        self.answers: Mapping[str, Answer | None] = {"GET": looks, "POST": asks}

    @property
    def hosts(self) -> tuple[str, ...]:
        return tuple(f"{host}:{self.server_port}" for host in (HOST, "localhost"))

    @property
    def address(self) -> str:
        return f"http://{self.hosts[0]}/{self.token}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that breaks is the browser's affair."""


class _Handler(BaseHTTPRequestHandler):
    server: ExploreServer
    timeout = SECONDS
    server_version, sys_version = "saliency-audit", ""

    def do_GET(self) -> None:
        place = self._place()
        if place == "":
            self._send(200, "text/html; charset=utf-8", self.server.page)
        elif place is not None and place.startswith("pictures/"):
            self._answer("GET", place.removeprefix("pictures/"))
        elif place is not None:
            self._refuse(404, "there is nothing at this address")

    def do_POST(self) -> None:
        place = self._place()
        length = self.headers.get("Content-Length", "")
        if place is None:
            return
        if place != "ask" or self.headers.get("Content-Type") != "application/json":
            self._refuse(404, "there is nothing to ask at this address")
        elif not length.isdecimal() or int(length) > MOST_ASKED:
            self._refuse(413, "this is no question")
        else:
            self._answer("POST", self.rfile.read(int(length)).decode("utf-8", "replace"))

    def _place(self) -> str | None:
        """What is asked for, below the token; None where the request was refused."""
        token, _, place = self.path.removeprefix("/").partition("/")
        origin = self.headers.get("Origin")
        ours = self.headers.get("Host") in self.server.hosts
        if not ours or (origin is not None and origin.removeprefix("http://") not in self.server.hosts):
            self._refuse(403, "only this machine's own page may ask")
            return None
        if not secrets.compare_digest(token.encode(), self.server.token.encode()):
            self._refuse(404, "there is nothing at this address")
            return None
        return place

    def _answer(self, method: str, question: str) -> None:
        answer = self.server.answers[method]
        if answer is None:
            self._refuse(404, "the network is not at hand")
            return
        try:
            text = json.dumps(answer(json.loads(question)), allow_nan=False)
        except AuditError as error:
            self._refuse(422, visible(str(error)))
        except NO_QUESTION:
            self._refuse(400, "this is no question")
        else:
            self._send(200, "application/json", text.encode())

    def _refuse(self, code: int, why: str) -> None:
        self.close_connection = True
        self._send(code, "application/json", json.dumps({"error": why}).encode())

    def _send(self, code: int, kind: str, content: bytes) -> None:
        self.send_response(code)
        for name, value in {**HEADERS, "Content-Type": kind, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 the name that http.server gives it
        """Nothing: addresses hold the token."""
