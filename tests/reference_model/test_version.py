"""The version of a policy can be made again from its file and the page."""

import pytest

from schemas.money import CURRENCIES
from state.features.catalogue import catalogue
from state.policy import currency_size
from state.policy.compiled import read_policy
from tests.reference_model.agreement import POLICIES
from tests.reference_model.version import size_of, version
from tests.support.histories import POLICIES as TEXTS

ODD = {
    "least": 'name = "least"',
    "texts": """name = "texts"
[[segments]]
key = "s"
name = "Größe \\"é\\" \\\\ \\t \\u0001 \\u007f \\u2028 \\U0001F600"
enter = '''orders > 1
  # kept: 100 %
  and loyal'''
min_stay_days = 0.00000125
description = "/"
""",
    "numbers": """name = "numbers"
[money]
rates = { EUR = 1.08, JPY = 0.0067, KWD = 1e12, VND = 0.00004, ZWL = 0.00001, IRR = 9.5e-7 }
[time]
day_seconds = 5
[lifecycle.patience]
method = "p_alive"
limit = 0.3
churn_limit = 1e-9
r = 100000
alpha = 0.000012
a = 1.5e-10
b = 2
""".replace(" ZWL = 0.00001,", ""),
    "size": 'name = "size"\n[money]\ncurrency = "IDR"\n[rfm]\nwindow_days = 30',
    "some given": 'name = "some"\n[money]\ncurrency = "JPY"\nmost_per_order = 7\n[rfm]\nmonetary = [1, 2.5, 3, 4]',
    "fixed": 'name = "f"\n[lifecycle]\none_time_churn_days = 61\n[lifecycle.patience]\nmethod = "fixed"\n',
    "traits": 'name = "t"\n[traits]\nb = "date"\n"a b" = "texts"\nkind = "text"\n',
    "zone": 'name = "z"\n[time]\nzone_trait = "timezone"\nlateness_minutes = 0\n',
    "no zone": 'name = "z"\n[time]\nzone_trait = ""\n',
    "support": 'name = "s"\n[lifecycle.support]\n[lifecycle.loyal]\nenter = "orders > 1"\n',
    "stages": 'name = "st"\n[[lifecycle.stages]]\nkey = "a"\nenter = "orders > 1"\n[[lifecycle.stages]]\nkey = "b"\n',
    "kinds": 'name = "k"\n[[lifecycles]]\napplies_to = "traits.big"\none_time_churn_days = 200\n[lifecycles.patience]\n'
    'method = "fixed"\n[lifecycles.rfm]\nmonetary = [1, 2, 3, 4]\n[[lifecycles]]\napplies_to = "kind == \'a\'"\n',
    "retention": 'name = "r"\n[retention]\nforget_churned_after_days = 1100\n',
    "no retention": 'name = "r"\n[retention]\n',
    "leave": 'name = "l"\n[lifecycle.loyal]\nleave = "orders < 1"\n',
}
TEXT_OF = {**TEXTS, **ODD, **{name: path.read_text("utf-8") for name, path in POLICIES.items()}}


@pytest.mark.parametrize("text", TEXT_OF.values(), ids=TEXT_OF.keys())
def test_the_page_is_enough_to_make_a_version(text: str) -> None:
    assert version(text) == read_policy(text, catalogue).version


def test_the_page_has_the_size_of_every_currency() -> None:
    assert {it: size_of(it) for it in CURRENCIES} == {it: currency_size.size_of(it) for it in CURRENCIES}
