"""Who may ask a server for what, how often, and from which page."""

from base64 import b64encode
from collections.abc import Iterator

import pytest

from streams.embedded.ports import HOST
from streams.settings import Settings
from tests.support.serving import Answer, Server, serving

READ, STREAM, WRITE, ADMIN, SLOW = (f"{name}-0123456789abcdef" for name in ("read", "stream", "write", "admin", "slow"))
TOKENS = f"""
read    {READ}
stream  {STREAM}
write   {WRITE}
admin   {ADMIN}
read    {SLOW}   0.01/s   # whoever has it may ask every hundred seconds
"""


def basic(user: str, password: str = "") -> str:
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


@pytest.fixture(scope="module")
def server(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("access")
    (folder / "tokens").write_text(TOKENS)
    settings = Settings(redis_url=redis_url, app_id="serve-access")
    with serving(settings, folder / "serve.log", LIFESTAGE_SERVE_TOKENS=str(folder / "tokens")) as server:
        yield server


@pytest.fixture(scope="module")
def without_tokens(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    settings = Settings(redis_url=redis_url, app_id="serve-access")
    with serving(settings, tmp_path_factory.mktemp("access") / "serve.log") as server:
        yield server


def asks(server: Server, authorization: str) -> Answer:
    return server.get("/v1/stages", Authorization=authorization)


@pytest.mark.parametrize(("token", "status"), [(READ, 200), (ADMIN, 200), (STREAM, 403), (WRITE, 403), ("no", 401)])
def test_a_token_allows_its_scope_and_admin_everything(server: Server, token: str, status: int) -> None:
    assert asks(server, f"Bearer {token}").status == status
    assert asks(server, basic(token)).status == status


@pytest.mark.parametrize(
    "authorization",
    ["Basic", "Basic !", "Basic " + b64encode(b"\xff\xfe").decode(), basic("", READ), "Digest " + READ, READ, "Bearer"],
)
def test_what_is_no_token_is_told(server: Server, authorization: str) -> None:
    answer = asks(server, authorization)
    assert answer.status == 401
    assert "scope read" in answer.detail


def test_a_cookie_reads_and_cannot_write(server: Server) -> None:
    cookie = f"lifestage_token={READ}"
    assert server.get("/v1/stages", Cookie=cookie).status == 200
    assert server.post("/v1/customers/batch", {"customers": ["c"]}, Cookie=cookie).status == 401


def test_a_header_counts_before_a_cookie(server: Server) -> None:
    assert server.get("/v1/stages", Cookie=f"lifestage_token={READ}", Authorization="Bearer wrong").status == 401


def test_a_token_of_another_scope_is_told_which_is_wanted(server: Server) -> None:
    assert "has the scope stream, and this wants read" in asks(server, f"Bearer {STREAM}").detail


def test_who_asks_more_often_than_their_limit_waits(server: Server) -> None:
    assert asks(server, f"Bearer {SLOW}").status == 200
    for _ in range(3):
        refused = asks(server, f"Bearer {SLOW}")
        assert refused.status == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 100
        assert "limit" in refused.detail
    assert asks(server, f"Bearer {READ}").status == 200


@pytest.mark.parametrize("path", ["/v1/nothing", "/metrics", "/openapi.json", "/v1/stages"])
def test_nothing_but_the_probes_answers_without_a_token(server: Server, path: str) -> None:
    assert server.get(path).status == 401
    assert server.get("/live").status == 200


def test_every_answer_forbids_what_browsers_guess_and_keep(server: Server) -> None:
    for answer in (server.get("/live"), server.get("/v1/stages"), server.get("/v1/nothing")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("host", ["localhost", "localhost:6080", HOST, "[::1]:6080"])
def test_a_server_without_tokens_answers_as_localhost(without_tokens: Server, host: str) -> None:
    assert without_tokens.get("/v1/stages", Host=host).status == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example:6080", "127.0.0.1.evil.example", "[", ""])
def test_a_name_that_was_pointed_at_localhost_is_refused(without_tokens: Server, host: str) -> None:
    assert without_tokens.get("/v1/stages", Host=host).status in (400, 421)


def test_a_page_of_somebody_else_is_refused(without_tokens: Server) -> None:
    own = without_tokens.address
    assert without_tokens.post("/v1/customers/batch", {"customers": ["c"]}, Origin=own).status == 200
    for origin in ("http://evil.example", "null", "http://127.0.0.1:1"):
        answer = without_tokens.post("/v1/customers/batch", {"customers": ["c"]}, Origin=origin)
        assert answer.status == 403
        assert "Origin" in answer.detail
