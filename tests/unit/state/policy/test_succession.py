"""Which policies can follow each other: those that read what is stored as it was meant."""

import pytest

from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.policy.succession import why_not_after

RATES = "[money.rates]\nEUR = 1.1\n"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("", 'subject = "account"\n', "subject is 'account' and was 'customer'"),
        ("", '[time]\nzone = "Europe/Berlin"\n', "zone in [time] is 'Europe/Berlin' and was 'UTC'"),
        ("[time]\nday_seconds = 60\n", "", "day_seconds in [time] is 86400 and was 60"),
        ('[money]\ncurrency = "USD"\n', '[money]\ncurrency = "JPY"\n', "currency in [money] is 'JPY' and was 'USD'"),
        ("", "[intake]\nrating_scale = [0, 10]\n", "rating_scale in [intake] is [0.0, 10.0] and was [1.0, 5.0]"),
        (RATES, "", "[money.rates] is empty, and was not"),
        ("", RATES, ""),
        (RATES, RATES.replace("1.1", "1.2"), ""),
        ("[time]\nlateness_minutes = 5\n", '[time]\nzone_trait = "zone"\n[orders]\nundo_days = 3\n', ""),
    ],
)
def test_what_stored_customers_depend_on_stays_as_it_is(before: str, after: str, told: str) -> None:
    policies = [read_policy(f'name = "p"\n{it}', catalogue).policy for it in (before, after)]
    why_not = why_not_after(*policies)
    assert why_not.startswith(told)
    assert bool(why_not) is bool(told)
    assert not told or why_not.endswith(", or decide everything again under another LIFESTAGE_APP_ID")
