"""The condition language: from a text to a function that tells whether it holds, and when it will.

The way of one text through these modules:

* ``parse`` and ``parse_operands`` read it into the tree of ``nodes``; ``check_comparison`` refuses what cannot be
  compared, or whose changes could not be foreseen. Errors (``errors``) have a place and a fix. What is printed of a
  condition is the text of a node ``on_one_line``.

>>> from state.features.catalogue import catalogue
>>> from state.policy.shape import Policy
>>> features = catalogue(Policy(name="example"))
>>> from state.conditions.parse import parse_condition
>>> tree = parse_condition("orders_90d >= 2 and days_since_order <= 30", features)
>>> [leaf.left_text for leaf in tree.parts]
['orders_90d', 'days_since_order']

* ``monotone`` says how each number changes by itself, ``direction`` which way that takes each comparison. By
  themselves, orders only leave their window and the time since the last one only grows, so this condition may cease to
  hold by itself, but never begin to.

>>> from state.conditions.direction import direction_of
>>> [direction_of(leaf, leaf.monotonicity).name for leaf in tree.parts]
['DOWN', 'DOWN']

* ``codegen`` writes the code, in which the ``formula`` of each of the ``features`` is inlined; ``generated_code`` makes
  it a function, and ``layout`` prints it. ``condition`` puts all of this together.

>>> from state.conditions.condition import compile_condition, opposite
>>> from state.conditions.generated_code import source_of
>>> condition = compile_condition("orders_90d >= 2 and days_since_order <= 30", features)
>>> print(source_of(compile_condition("orders_90d >= 2", features).holds))
def holds(customer, at):
    day = day_of(at)
    return ((orders_90d := (purchases := customer.purchases).orders_since(day - 89)) >= 2)
<BLANKLINE>

* Numbers are exact (``exact_number``; ``signs`` compare and calculate them), and doubles stand for them where they
  suffice, which ``precision`` tells of each comparison. What they leave in doubt, ``exact_test`` decides.

>>> from state.conditions.precision import trust_of
>>> moving = parse_condition("0.9 * days_since_order > 0.9 * days_since_visit + 0.9", features)
>>> [trust_of(leaf).name for leaf in (*tree.parts, moving)]
['FULL', 'FULL', 'APART']

* ``next_change`` finds the instant of the next change; ``explain`` says why the condition holds, in comparisons that
  ``printed`` gives enough digits, and without those that ``implied`` finds said already.

>>> from schemas.events import OrderCompleted
>>> from state.customer.customer import first_seen
>>> from state.customer.purchases import OrderMemory
>>> customer, day = first_seen(0), 86_400_000
>>> memory = OrderMemory(occasion_ms=day, undo_days=400, window_days=365)
>>> for at in (0, day):
...     order = OrderCompleted(at=at, message_id=f"{at}", order_id=f"{at}", total=500, items=1, categories=())
...     assert customer.purchases.place(order, at // day, memory)
>>> condition.why(customer, 2 * day)
'orders_90d 2 >= 2; days_since_order 1 <= 30'
>>> (opposite(condition).begins(customer, 2 * day) - 1) / day
31.0

* ``claims`` says what a comparison leaves of what a value can be at all, in ``value_sets``, and ``follows`` finds by
  that which comparisons never hold together. What is warned of in a policy rests on it.

>>> from state.conditions.follows import contradiction
>>> [it.text for it in contradiction(parse_condition("orders_30d >= 3 and orders_90d < 2", features))]
['orders_30d >= 3', 'orders_90d < 2']

* ``rule_set`` compiles many rules into one function. Before an instant is computed, ``may_hold`` rules out most of
  them: whether a condition can hold at all before the next look at a customer.
"""
