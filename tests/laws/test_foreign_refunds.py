"""Parts of an order that are paid back in another currency leave nothing, however each of them was rounded."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from schemas.events import OrderCompleted, OrderDetails, OrderRefunded
from schemas.money import Exchange, decimals
from state.customer.conversion import conversion
from state.customer.purchases import OrderMemory, Purchases, no_purchases
from state.customer.stored_purchases import pack_purchases, unpack_purchases

DAY = 86_400_000
CURRENCIES = ("USD", "EUR", "JPY", "KWD")
RATES = (1.08, 1 / 3, 0.0067, 3.2571, 150.0)

policies = st.builds(
    lambda home, rates: (home, {code: rate for code, rate in zip(CURRENCIES, rates, strict=True) if code != home}),
    st.sampled_from(CURRENCIES),
    st.tuples(*[st.sampled_from(RATES)] * len(CURRENCIES)),
)


def paid_back(
    policy: tuple[str, dict[str, float]], order: tuple[str, int], currency: str, parts: list[Fraction]
) -> tuple[Purchases, Fraction]:
    """Refund parts (in the order's currency) of an order of so many units in a currency, each rounded; return as well
    by how much the roundings and the worth can be off, in units of the order's currency.
    """
    home, rates = policy
    exchange = Exchange(home, 1e12, rates)
    memory = OrderMemory(DAY, 400, 365, conversion=conversion(exchange))
    rate = {code: Fraction(repr(it)) for code, it in rates.items()} | {home: Fraction(1)}

    def amount(units: int, code: str) -> float:
        return float(f"{units}e-{decimals(code)}")

    code, units = order
    kept = no_purchases()
    total, own = exchange.minor(amount(units, code), code), exchange.own(amount(units, code), code)
    kept.place(OrderCompleted(0, "m", "a", total, 1, (), OrderDetails(own)), 0, memory)
    for number, part in enumerate(parts, 1):
        rounded = round(part * rate[code] / rate[currency] * 10 ** decimals(currency))
        back = amount(rounded, currency)
        fact = OrderRefunded(number, "m", "a", exchange.minor(back, currency), exchange.own_refund(back, currency))
        kept.refund(fact, 0, memory)
        kept = unpack_purchases(pack_purchases(kept))
    half = rate[currency] / rate[code] / (2 * 10 ** decimals(currency))
    return kept, len(parts) * half + Fraction(1, 10 ** decimals(home)) / rate[code] / 2


@given(
    policies,
    st.sampled_from(CURRENCIES),
    st.integers(1, 10_000_000),
    st.sampled_from(CURRENCIES),
    st.lists(st.integers(1, 1000), min_size=1, max_size=6),
)
def test_parts_that_add_up_leave_nothing(
    policy: tuple[str, dict[str, float]], code: str, units: int, currency: str, weights: list[int]
) -> None:
    whole = Fraction(units, 10 ** decimals(code))
    parts = [whole * weight / sum(weights) for weight in weights]
    if currency == code:  # the parts of an order in its own currency are whole units of it
        step = 10 ** decimals(code)
        floors = [Fraction(int(part * step), step) for part in parts]
        parts = [*floors[1:], floors[0] + whole - sum(floors)]
    kept, _ = paid_back(policy, (code, units), currency, parts)
    assert (kept.count(), kept.revenue()) == (0, 0)


@given(
    policies,
    st.sampled_from(CURRENCIES),
    st.integers(100, 10_000_000),
    st.sampled_from(CURRENCIES),
    st.lists(st.integers(1, 1000), min_size=2, max_size=6),
)
def test_parts_that_add_up_to_clearly_less_leave_the_rest(
    policy: tuple[str, dict[str, float]], code: str, units: int, currency: str, weights: list[int]
) -> None:
    whole = Fraction(units, 10 ** decimals(code))
    *parts, rest = [whole * weight / sum(weights) for weight in weights]
    kept, off = paid_back(policy, (code, units), currency, parts)
    clear = 2 * off + Fraction(1, 10 ** decimals(code)) * 2
    if rest > clear:
        assert kept.count() == 1


@given(policies, st.sampled_from(CURRENCIES), st.sampled_from(CURRENCIES), st.permutations([1, 2, 3, 50, 700]))
def test_the_order_of_the_parts_is_the_same_to_the_rest(
    policy: tuple[str, dict[str, float]], code: str, currency: str, weights: list[int]
) -> None:
    def left(turned: list[int]) -> tuple[int, int]:
        kept, _ = paid_back(policy, (code, 99_999), currency, [Fraction(it, 17) for it in turned])
        return kept.count(), kept.revenue()

    assert left(weights) == left(sorted(weights))
