"""`explore --serve`: who may ask, what is answered, and that nothing else is."""

import http.client
import json
import re
import socket
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from audit.cli.explore import NO_SETTINGS
from audit.cli.explore_server import HOST, MOST_ASKED, ExploreServer
from audit.errors import AuditError
from audit.record.record import Record
from fixtures.records import write_record
from reports.explore.page import Served, page

JSON = {"Content-Type": "application/json"}


def looks(question: Any) -> Any:
    if question == 3:
        raise AuditError("003.png", "is no longer the file that was measured", "need the picture as it was")
    return {"picture": int(question)}


def asks(question: Any) -> Any:
    return {"answer": question["sample"]}


@pytest.fixture
def server() -> Iterator[ExploreServer]:
    with ExploreServer("<p>page</p>", looks, asks) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield serving
        serving.shutdown()


def reply(
    server: ExploreServer, place: str, body: str | None = None, headers: Mapping[str, str] = JSON
) -> tuple[int, str, Mapping[str, str]]:
    connection = http.client.HTTPConnection(HOST, server.server_port, timeout=5)
    connection.request("GET" if body is None else "POST", place, body, dict(headers))
    answer = connection.getresponse()
    return answer.status, answer.read().decode(), dict(answer.getheaders())


@pytest.mark.tor("TOR-105")
def test_it_listens_on_the_loopback_interface_under_a_token_that_nobody_can_guess(server: ExploreServer) -> None:
    assert server.server_address[0] == HOST == "127.0.0.1"
    assert re.fullmatch(rf"http://127\.0\.0\.1:{server.server_port}/[\w-]{{43}}/", server.address)
    with ExploreServer("", None, None) as other:
        assert other.token != server.token
    for address in {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None)} - {"127.0.0.1", "::1"}:
        if not str(address).startswith("127."):
            with pytest.raises(OSError):
                socket.create_connection((str(address), server.server_port), timeout=1)


@pytest.mark.tor("TOR-105")
def test_it_answers_what_holds_the_token(server: ExploreServer) -> None:
    home = f"/{server.token}/"
    code, text, headers = reply(server, home)
    assert (code, text) == (200, "<p>page</p>")
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Frame-Options"] == "DENY"
    assert "Python" not in str(headers)
    assert reply(server, f"{home}pictures/7")[:2] == (200, '{"picture": 7}')
    assert reply(server, f"{home}ask", '{"sample": 9}')[:2] == (200, '{"answer": 9}')
    local = {**JSON, "Host": f"localhost:{server.server_port}", "Origin": f"http://localhost:{server.server_port}"}
    assert reply(server, f"{home}ask", '{"sample": 9}', local)[0] == 200


@pytest.mark.tor("TOR-105")
@pytest.mark.parametrize("place", ["/", "/x/", "//", "/ask", "/{token}x/", "/{short}/", "/../{token}/", "/{token}"])
def test_nothing_else_leads_anywhere(server: ExploreServer, place: str) -> None:
    asked = place.format(token=server.token, short=server.token[:-1])
    for body in (None, '{"sample": 9}'):
        code, text, _ = reply(server, asked, body)
        if asked == f"/{server.token}" and body is None:
            continue  # the page itself
        assert (code, "answer" in text, "page" in text) == (404, False, False)


@pytest.mark.tor("TOR-105")
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "example.org"},
        {"Host": "127.0.0.1"},
        {"Host": "127.0.0.1:1"},
        {"Host": "127.0.0.1.example.org:{port}"},
        {"Host": ""},
        {"Origin": "http://example.org"},
        {"Origin": "null"},
        {"Origin": "https://127.0.0.1:{port}"},
    ],
)
def test_what_another_page_makes_a_browser_send_is_refused(server: ExploreServer, headers: dict[str, str]) -> None:
    given = {**JSON, **{name: value.format(port=server.server_port) for name, value in headers.items()}}
    for place, body in (("", None), ("pictures/7", None), ("ask", '{"sample": 9}')):
        code, text, _ = reply(server, f"/{server.token}/{place}", body, given)
        assert (code, json.loads(text)) == (403, {"error": "only this machine's own page may ask"})


@pytest.mark.tor("TOR-105")
@pytest.mark.parametrize(
    ("place", "body", "headers", "code"),
    [
        ("ask", "{", JSON, 400),
        ("ask", "[]", JSON, 400),
        ("ask", '{"sample": 9}', {"Content-Type": "text/plain"}, 404),
        ("ask", "[" * MOST_ASKED, JSON, 400),
        ("ask", " " * (MOST_ASKED + 1), JSON, 413),
        ("ask", '{"sample": 9}', {**JSON, "Content-Length": "-1"}, 413),
        ("pictures/7", "{}", JSON, 404),
        ("pictures/x", None, JSON, 400),
        ("pictures/../../etc/passwd", None, JSON, 400),
        ("report.html", None, JSON, 404),
        ("pictures/3", None, JSON, 422),
    ],
)
def test_what_is_no_question_gets_no_answer(
    server: ExploreServer, place: str, body: str | None, headers: dict[str, str], code: int
) -> None:
    status, text, _ = reply(server, f"/{server.token}/{place}", body, headers)
    assert (status, list(json.loads(text))) == (code, ["error"])
    assert reply(server, f"/{server.token}/")[0] == 200, "it goes on"


def test_without_the_network_it_serves_the_page_and_says_why(tmp_path: Path) -> None:
    with Record.open(write_record(tmp_path / "audit.sqlite", n=30)) as record:
        html = page(record, served=Served(NO_SETTINGS))
        alone = page(record)
    assert "Name the run’s settings file with --settings: what a record names is never opened." in html
    assert "connect-src" not in html
    assert "fetch(" not in html
    assert "fetch(" not in alone
    with ExploreServer(html, None, None) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert reply(server, f"/{server.token}/pictures/7")[0] == 404
        server.shutdown()
