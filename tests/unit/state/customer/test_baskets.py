"""Baskets: they say what a list of categories would, and equal ones have equal names and places."""

from hypothesis import given
from hypothesis import strategies as st

from state.customer import baskets
from state.customer.baskets import MAX_BASKETS, no_baskets

categories = st.lists(st.sampled_from("abcdef"), max_size=4).map(tuple)
steps = st.lists(st.tuples(st.sampled_from(("add", "add", "replace", "remove")), st.integers(0, 9), categories))


@given(steps, st.integers(0, 6))
def test_baskets_are_a_list_of_categories(done: list[tuple[str, int, tuple[str, ...]]], many: int) -> None:
    kept, model = no_baskets(), list[tuple[str, ...]]()
    before, baskets._MANY_NAMES = baskets._MANY_NAMES, many
    try:
        for what, number, names in done:
            if what == "add":
                kept.add(names)
                model = [*model, names][-MAX_BASKETS:]
            elif number < len(model) and what == "replace":
                kept.replace(number, names)
                model[number] = names
            elif number < len(model):
                kept.remove(number)
                del model[number]
            assert kept.named() == model
            assert len(kept) == len(model)
            assert kept.categories() == tuple(dict.fromkeys(name for it in reversed(model) for name in it))
    finally:
        baskets._MANY_NAMES = before
    kept.tidy()
    fresh = no_baskets()
    for names in model:
        fresh.add(names)
    assert kept.named() == model
    assert kept == fresh
    assert (kept.names, kept.places) == (fresh.names, fresh.places)
