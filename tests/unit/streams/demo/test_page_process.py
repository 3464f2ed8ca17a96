"""The demo's page: on its usual port, or on a free one if that is taken."""

import socket
from pathlib import Path

from streams.demo.page_process import PageProcess
from streams.embedded.ports import HOST
from streams.serve_settings import ServeSettings


def test_a_port_that_is_taken_is_not_used() -> None:
    usual = ServeSettings().port
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind((HOST, usual))
            taken.listen()
        except OSError:
            pass  # somebody else has it, which does as well
        assert not PageProcess({}, Path("serve.log")).url.endswith(f":{usual}/")
