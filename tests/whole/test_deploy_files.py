"""The files of deploy/: nginx takes its server block, systemd its units."""

from __future__ import annotations

import os
import re
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.whole.certificates import make_certificate
from tests.whole.documented import command_of
from tests.whole.installation import ROOT, free_ports, wait_for

pytestmark = pytest.mark.alone

UNITS = ("web", "worker", "notifications")
NAME = "shop.example.com"
CODE = "canarycode"
_AROUND = """
{user}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/start.log warn;
events {{}}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/shoplink.conf;
}}
"""


class Gunicorn(BaseHTTPRequestHandler):
    """Stands for the web process: keeps what nginx hands over."""

    def do_GET(self) -> None:
        """Answer, and keep the request's headers and the length of its body."""
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        server: Upstream = self.server  # type: ignore[assignment]
        server.seen.append(
            {name.lower(): value for name, value in self.headers.items()}
        )
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    do_POST = do_GET  # noqa: N815 - as http.server names it

    def log_message(self, *_arguments: object) -> None:
        """Stay silent."""


class Upstream(ThreadingHTTPServer):
    """A server that remembers the headers it got."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Gunicorn)
        self.seen: list[dict[str, str]] = []


@dataclass
class Nginx:
    """nginx with the documented server block on ports of its own."""

    folder: Path
    upstream: Upstream
    plain: int = 0
    secure: int = 0
    authority: Path = field(default_factory=Path)

    def ask(
        self, path: str, *, body: bytes | None = None, **headers: str
    ) -> HTTPResponse:
        """Ask by https as a browser does."""
        context = ssl.create_default_context(cafile=str(self.authority))
        connection = HTTPSConnection("127.0.0.1", self.secure, context=context)
        # The certificate is of the name, the machine has only a number.
        context.check_hostname = False
        sent = {"Host": NAME} | {n.replace("_", "-"): v for n, v in headers.items()}
        connection.request("POST" if body else "GET", path, body, sent)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer

    def logs(self) -> str:
        """Return what nginx wrote of its requests."""
        return "".join(
            path.read_text(encoding="utf-8") for path in self.folder.glob("*.log")
        )


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[Nginx]:
    """Run nginx with deploy/nginx.conf; skip the test where there is none."""
    program = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if program is None:
        pytest.skip("No nginx is here.")
    upstream = Upstream()
    threading.Thread(target=upstream.serve_forever, daemon=True).start()
    made = Nginx(tmp_path, upstream, free_ports()[0], free_ports()[0])
    made.authority, key = make_certificate(tmp_path, NAME)
    text = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    for old, new in {
        "listen 80;": f"listen 127.0.0.1:{made.plain};",
        "listen 443 ": f"listen 127.0.0.1:{made.secure} ",
        "127.0.0.1:8000": f"127.0.0.1:{upstream.server_port}",
        "/var/log/nginx": str(tmp_path),
        f"/etc/letsencrypt/live/{NAME}/fullchain.pem": str(made.authority),
        f"/etc/letsencrypt/live/{NAME}/privkey.pem": str(key),
    }.items():
        assert old in text
        text = text.replace(old, new)
    text = re.sub(r"^ *listen \[::\].*\n", "", text, flags=re.M)
    (tmp_path / "shoplink.conf").write_text(text, encoding="utf-8")
    # Else its workers are nobody's, who may not enter this folder.
    user = "user root;" if os.geteuid() == 0 else ""
    config = tmp_path / "nginx.conf"
    config.write_text(_AROUND.format(folder=tmp_path, user=user), encoding="utf-8")
    command = [program, "-c", str(config), "-p", str(tmp_path)]
    tried = subprocess.run([*command, "-t"], capture_output=True, text=True)
    assert tried.returncode == 0, tried.stderr
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: _answers(made.plain), 15)
        yield made
    finally:
        server.terminate()
        server.wait(timeout=15)
        upstream.shutdown()
        upstream.server_close()


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/", headers={"Host": NAME})
        return connection.getresponse().status == 301
    except OSError:
        return False
    finally:
        connection.close()


def test_proxy_says_who_asks_in_place_of_the_client(nginx: Nginx) -> None:
    forged: dict[str, Any] = {
        "X_Forwarded_For": "203.0.113.9",
        "X_Forwarded_Proto": "http",
    }
    answer = nginx.ask("/admin/", **forged, X_Forwarded_Host="evil", Forwarded="for=1")
    assert answer.status == 200
    seen = nginx.upstream.seen[-1]
    assert seen["host"] == NAME
    assert seen["x-forwarded-for"] == "127.0.0.1"
    assert seen["x-forwarded-proto"] == "https"
    assert seen.keys().isdisjoint({"x-forwarded-host", "forwarded"})


def test_proxy_bounds_bodies_and_gives_them_a_length(nginx: Nginx) -> None:
    assert nginx.ask("/x/", body=b"a" * 3_500_000).status == 200
    assert nginx.ask("/x/", body=b"a" * 4_300_000).status == 413
    nginx.ask("/x/", body=b"7\r\nchunked\r\n0\r\n\r\n", Transfer_Encoding="chunked")
    assert nginx.upstream.seen[-1]["content-length"] == "7"


def test_codes_are_in_no_log(nginx: Nginx) -> None:
    path = f"/admin/amazon/callback/?spapi_oauth_code={CODE}"
    nginx.ask(path)
    nginx.upstream.shutdown()
    nginx.upstream.server_close()
    assert nginx.ask(path).status == 502
    assert "/admin/amazon/callback/" in nginx.logs()
    assert CODE not in nginx.logs()


def test_units_are_what_systemd_takes(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("No systemd-analyze is here.")
    files = []
    for unit in UNITS:
        name = f"shoplink-{unit}.service"
        text = (ROOT / "deploy" / name).read_text(encoding="utf-8")
        # The paths and the user of a machine on which it is installed.
        text = text.replace("/opt/shoplink/app", str(ROOT)).replace(
            "=shoplink\n", "=root\n"
        )
        (tmp_path / name).write_text(text, encoding="utf-8")
        files.append(str(tmp_path / name))
    done = subprocess.run(
        [program, "verify", "--man=no", *files], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    complaints = [line for line in done.stderr.splitlines() if "shoplink-" in line]
    assert complaints == []


@pytest.mark.parametrize("unit", UNITS)
def test_unit_ends_in_good_order_and_writes_for_its_owner(unit: str) -> None:
    text = (ROOT / "deploy" / f"shoplink-{unit}.service").read_text(encoding="utf-8")
    for line in (
        "Wants=network-online.target",
        "KillMode=mixed",
        "KillSignal=SIGTERM",
        "Restart=always",
        "UMask=0077",
        "ReadWritePaths=/opt/shoplink/app/data",
    ):
        assert f"\n{line}\n" in text
    assert command_of(unit)[0].startswith("/opt/shoplink/app/.venv/bin/")
