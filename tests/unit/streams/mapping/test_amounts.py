"""Numbers of exports: read where they can mean only one thing."""

from decimal import Decimal

import pytest

from streams.mapping.amounts import NumberError, number_reader


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("12", "12"),
        ("-12.50", "-12.50"),
        (" 7 ", "7"),
        (".5", "0.5"),
        ("5.", "5"),
        ("+3", "3"),
        ("12,5", "12.5"),
        ("1.234", "1.234"),
        ("1,234.50", "1234.50"),
        ("1.234,50", "1234.50"),
        ("1.234.567", "1234567"),
        ("1,234,567", "1234567"),
        ("1 234,50", "1234.50"),
        ("1'234.50", "1234.50"),
        ("1\u00a0234,50", "1234.50"),
        ("€ 5.00", "5.00"),
        ("-$5.00", "-5.00"),
        ("(5.00)", "-5.00"),
        ("\u22125.00", "-5.00"),
        (5, "5"),
        (0.1, "0.1"),
        (Decimal("2.50"), "2.50"),
    ],
)
def test_clear_numbers(written: object, number: str) -> None:
    assert number_reader("")(written) == Decimal(number)


@pytest.mark.parametrize("written", ["", "  ", None, float("nan")])
def test_nothing(written: object) -> None:
    assert number_reader("")(written) is None


@pytest.mark.parametrize(
    "written", ["abc", "12,34,5", "5-", "--5", "1e5", "1.2.3,4,5", "١٢", True, [], float("inf"), "9" * 400, 10**30]
)
def test_no_numbers(written: object) -> None:
    with pytest.raises(NumberError, match="number"):
        number_reader("")(written)


def test_one_comma_before_three_digits_can_be_either() -> None:
    with pytest.raises(NumberError, match=r"1,234 could be 1234 or 1.234: write decimal"):
        number_reader("")("1,234")
    assert number_reader(",")("1,234") == Decimal("1.234")
    assert number_reader(".")("1,234") == Decimal(1234)
    assert number_reader(",")("1.234") == Decimal(1234)
    with pytest.raises(NumberError):
        number_reader(",")("12.50")
