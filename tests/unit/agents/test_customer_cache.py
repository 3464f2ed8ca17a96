"""The customer cache: least recently used customers leave first, and its size is that of what is in it."""

import gc
from collections import OrderedDict

from hypothesis import given
from hypothesis import strategies as st

from agents.customer_cache import CacheBudget, CustomerCache
from state.timeline.timeline import Timeline, begin

MAX_BYTES = CacheBudget().share
QUARTER = MAX_BYTES // 4
keys = st.sampled_from([b"a", b"b", b"c", b"d", b"e", b"f"])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("decide"), keys, st.integers(1, MAX_BYTES + 1)),
        st.tuples(st.just("forget"), keys, st.just(0)),
        st.tuples(st.just("take"), keys, st.just(0)),
    ),
    max_size=40,
)


@given(steps)
def test_the_newest_customers_that_fit_are_cached(plan: list[tuple[str, bytes, int]]) -> None:
    cache, model = CustomerCache(), OrderedDict[bytes, tuple[Timeline, int]]()
    for step, key, size in plan:
        known = model.pop(key, None)
        if step == "forget":
            cache.forget(key)
        else:
            assert cache.take(key) is (None if known is None else known[0])
        if step == "decide":
            timeline = begin(0)
            cache.keep(key, timeline, size)
            model[key] = timeline, size
            while sum(size for _, size in model.values()) > MAX_BYTES:
                model.popitem(last=False)
        for each in (b"a", b"b", b"c", b"d", b"e", b"f"):
            assert cache.get(each) is (model[each][0] if each in model else None)


def test_a_customer_too_large_for_the_cache_empties_it_and_does_no_other_harm() -> None:
    cache = CustomerCache()
    cache.keep(b"a", begin(0), QUARTER)
    cache.keep(b"large", begin(0), MAX_BYTES + 1)
    assert cache.get(b"a") is cache.get(b"large") is None
    for key in (b"a", b"b", b"c", b"d"):
        cache.keep(key, begin(0), QUARTER)
    assert all(cache.get(key) is not None for key in (b"a", b"b", b"c", b"d"))


def test_reading_a_customer_does_not_keep_it_longer() -> None:
    cache = CustomerCache()
    for key in (b"a", b"b", b"c", b"d"):
        cache.keep(key, begin(0), QUARTER)
    assert cache.get(b"a") is not None
    cache.keep(b"e", begin(0), QUARTER)
    assert cache.get(b"a") is None


def test_the_caches_of_a_worker_share_what_it_has() -> None:
    budget = CacheBudget(7_000)
    one, other = CustomerCache(budget), CustomerCache(budget)
    for key in (b"a", b"b"):
        one.keep(key, begin(0), 250)
        other.keep(key, begin(0), 250)
    assert [cache.get(b"a") is not None for cache in (one, other)] == [True, True]
    one.keep(b"c", begin(0), 250)
    assert one.get(b"a") is None
    del other
    gc.collect()
    for key in (b"d", b"e"):
        one.keep(key, begin(0), 250)
    assert one.get(b"b") is not None
