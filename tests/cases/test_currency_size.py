"""Shops whose currency is of another size: defaults follow it, and a check says where limits do not fit it."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from streams.cli.commands.policy import command
from tests.cases.intake import Intake, both, event

SHOP = 'name = "shop"\n[money]\ncurrency = "{}"\n'


@both
@pytest.mark.parametrize(("currency", "usual"), [("VND", 350_000), ("IDR", 259_000), ("JPY", 4_200), ("KRW", 39_000)])
def test_usual_orders_count_and_score(intake: Intake, currency: str, usual: int) -> None:
    orders = [
        event("Order Completed", name, "2025-03-01T10:00:00Z", order_id=name, total=usual * factor, currency=currency)
        for name, factor in (("small", 0.5), ("usual", 2), ("laptop", 100))
    ]
    result = intake(orders, SHOP.format(currency))
    assert result.rejects == []
    scores = [result.figure(name, "monetary_score") for name in ("small", "usual", "laptop")]
    assert scores == sorted(scores) and scores[0] == 1 and scores[2] == 5


def test_what_is_written_stays() -> None:
    text = SHOP.format("VND") + "most_per_order = 5000000\n[rfm]\nmonetary = [1, 2, 3, 4]\n"
    policy = read_policy(text, catalogue).policy
    assert policy.money.most_per_order == 5_000_000
    assert policy.rfm.monetary == (1, 2, 3, 4)


def checked(path: Path, text: str) -> list[str]:
    path.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(command, ["check", str(path)])
    assert result.exit_code == 0, result.output
    return result.stderr.splitlines()


def test_check_says_where_limits_are_of_another_size(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    text = """name = "copied"
[money]
currency = "VND"
most_per_order = 1000000
[lifecycle.loyal]
enter = "orders_365d >= 6 and revenue_365d >= 150"
[rfm]
monetary = [50, 150, 500, 1500]
[[segments]]
key = "big"
name = "Big"
enter = "revenue_365d + refunds_365d > 3e2"
leave = "orders < 1 or 100 > average_order_value"
"""
    warned = checked(path, text)
    assert [line.split(": ")[0] for line in warned] == [f"{path}:{line}" for line in (4, 6, 8, 12, 13)]
    assert all("warning" in line for line in warned)
    assert "50 dollars" in warned[0] and "20,000,000,000" in warned[0]
    assert "`revenue_365d >= 150`: 150 VND is roughly 0.0075 dollars. write the amount in VND" in warned[1]
    assert checked(path, text.replace("VND", "EUR")) == []
    assert checked(path, SHOP.format("VND")) == []


def test_check_says_when_two_limits_come_together(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    support = 'name = "x"\n[lifecycle.patience]\n{}\n[lifecycle.support]\nshorten_to = 0.25\n'
    for patience in ('method = "rhythm"\nchurn_multiple = 3', 'method = "fixed"\ndays = 20\nchurn_days = 70'):
        warned = checked(path, support.format(patience))
        assert len(warned) == 2 and all("without being at risk before" in line for line in warned)
        assert checked(path, support.format(patience).replace("0.25", "0.5")) == []
    alive = 'method = "p_alive"\nlimit = 0.5\nchurn_limit = 0.1\nr = 1\nalpha = 1\na = 1\nb = 1\n'
    assert "for only 0.5 days" in checked(path, support.format(alive + "min_at_risk_days = 0.5"))[0]
    assert "for only 0.21 days" in checked(path, support.format('method = "rhythm"\nchurn_multiple = 1.015'))[0]


@pytest.mark.parametrize(
    ("currency", "rates", "lines", "mend"),
    [
        ("USD", "[money.rates]\nEUR = 1.08\nJPY = 150", [6], "write JPY = 0.006667,"),
        ("JPY", "[money.rates]\nUSD = 0.0067\nEUR = 0.0062", [5, 6], "write USD = 149.3,"),
        ("JPY", "rates = { USD = 0.0067 }", [4], "write USD = 149.3,"),
        ("IDR", "[money.rates]\nVND = 0.6\nUSD = 16000", [], ""),
        ("USD", "[money.rates]\nJPY = 0.0067\nSEK = 0.1\nEUR = 0.9", [], ""),
    ],
)
def test_check_says_where_a_rate_is_turned_round(
    tmp_path: Path, currency: str, rates: str, lines: list[int], mend: str
) -> None:
    path = tmp_path / "mine.toml"
    warned = checked(path, f"{SHOP.format(currency)}{rates}\n")
    assert [line.split(": ")[0] for line in warned] == [f"{path}:{line}" for line in lines]
    assert mend in "".join(warned[:1])
