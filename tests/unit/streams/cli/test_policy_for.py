"""The policy of a mapped file where none is given."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from streams.cli.main import main
from streams.cli.policy_for import policy_for
from streams.policy_file import compile_file
from streams.sources import examples


@pytest.mark.parametrize(("mapping", "currency"), [("olist", "BRL"), ("uci-online-retail", "GBP")])
def test_it_counts_in_the_one_currency_of_the_mapping(
    mapping: str, currency: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with policy_for(None, mapping) as path:
        assert compile_file(path).policy.money.currency == currency
    assert f"counts in {currency} here, the currency of {mapping}" in capsys.readouterr().err
    assert path is not None and not path.exists()


@pytest.mark.parametrize("mapping", ["shopify", "ga4", None, "none.toml"])
def test_otherwise_it_is_the_one_that_ships(mapping: str | None) -> None:
    with policy_for(None, mapping) as path:
        assert path is None


def test_a_policy_that_is_given_is_taken(tmp_path: Path) -> None:
    with policy_for(tmp_path / "mine.toml", "olist") as path:
        assert path == tmp_path / "mine.toml"


def backtest(path: Path, mapping: str, *more: str) -> tuple[int, str]:
    arguments = ["backtest", str(path), "--mapping", mapping, "--out", "/dev/null", "--processes", "1", *more]
    done = CliRunner().invoke(main, arguments)
    return done.exit_code, done.output


def test_a_backtest_of_pounds_works_without_a_policy(tmp_path: Path) -> None:
    path = examples.write_example("uci-online-retail", tmp_path, customers=10)
    code, output = backtest(path, "uci-online-retail")
    assert code == 0
    assert "unknown_currency" not in output
    assert "acquired" in output


def test_what_is_told_when_nothing_can_be_used(tmp_path: Path) -> None:
    path = examples.write_example("stripe", tmp_path, customers=5)
    (tmp_path / "francs.csv").write_text(path.read_text().replace(",usd,", ",chf,"))
    (tmp_path / "failed.csv").write_text(
        path.read_text().replace("Paid,", "Failed,").replace("Refunded,SHOP", "x,SHOP")
    )
    (tmp_path / "header.csv").write_text(path.read_text().splitlines()[0] + "\n")
    (tmp_path / "stripe.toml").write_text(
        'name = "s"\ncustomer = "Customer ID"\nat = "Created (UTC)"\nzone = "UTC"\norder_id = "id"\n'
        'currency = "Currency"\n[[events]]\nevent = "Order Completed"\nwhen = { Status = "paid" }\ntotal = "Amount"\n'
    )
    for name, told in (
        ("francs.csv", "lifestage policy init --currency prints a policy"),
        ("failed.csv", "fulfils a `when` of"),
        ("header.csv", "holds no record"),
    ):
        code, output = backtest(tmp_path / name, str(tmp_path / "stripe.toml"))
        assert (code, told in output) == (2, True), output
