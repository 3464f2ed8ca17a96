"""Policies drawn at random: conditions of every shape that the language has, and bounds that hold or do not."""

import random
import re

from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.policy.text import PolicyError

MOVING = (
    "days_since_order",
    "days_since_first_order",
    "days_since_visit",
    "days_known",
    "oldest_ticket_days",
    "days_in_stage",
    "p_alive",
    "recency_score",
    "days_since_entered(stage = 'at_risk')",
    "days_since_entered(stage='new')",
    "days_since_left(stage = 'prospect')",
    "days_since_left(stage='churned')",
    "total_days_in(stage = 'new')",
    "total_days_in(stage='repeat')",
    "days_since_first('App Opened')",
    "days_since_last('Referral Sent')",
    "days_since_last('page')",
    "days_since_last('Order Completed', where=total >= 7)",
)
STILL = (
    "mean_gap_days",
    "gap_variation",
    "average_order_value",
    "revenue",
    "orders",
    "occasions",
    "items",
    "tickets_open",
    "last_rating",
    "revenue_30d",
    "orders_90d",
    "views_30d",
    "sessions_7d",
    "coupons_30d",
    "orders_with_coupon_90d",
    "discount_share_90d",
    "discount_365d",
    "refunds_90d",
    "average_rating_90d",
    "orders_1d",
    "revenue_45d",
    "views_3d",
    "carts_14d",
    "refunds_400d",
    "discount_share_60d",
    "tickets_opened_21d",
    "count('Referral Sent', 21)",
    "count('Referral Sent', hours=30)",
    "count('Order Completed', hours=48)",
    "sum('Order Completed', total, hours = 72, where = total >= 7)",
    "mean('Referral Sent', bonus, hours=5)",
    "max('referral sent', bonus, hours=24)",
    "distinct('Product Viewed', category, hours=3)",
    "count('referral_sent', days=90)",
    "count('App Opened')",
    "count('Order Completed', 45)",
    "count('order refunded', 30)",
    "count('Viewed Product', 10)",
    "count('Nobody Knows', 400)",
    "sum('Referral Sent', bonus, 30)",
    "mean('Referral Sent', bonus)",
    "mean('referral sent', bonus, 14, where=to != 't1')",
    "latest('Referral Sent', bonus, where=not (to in ['t0', 't2']))",
    "count('Product Viewed', 60, where=category == 'Tea' or category is not known)",
    "sum('Order Refunded', amount, 90, where=amount > -1 / 3)",
    "count('Order Completed', 60, where=currency == 'USD' or coupon is not known)",
    "sum('Order Completed', discount, 30)",
    "mean('order completed', total, where=currency != 'EUR')",
    "latest('Order Completed', total)",
    "count('Order Completed', 60, where='Acme' in brands and hour < 20)",
    "count('Order Completed', where=not ('Tea' in categories) or weekday in ['Saturday', 'Sunday'])",
    "count('Order Completed', 30, where='7' in products or brands is not known)",
    "count('App Opened', 30, where=campaign == 'Spring' or country is not known)",
    "count('Referral Sent', where=hour >= 12 and shop != 's1')",
    "sum('Referral Sent', hour, 21)",
    "count('Order Completed', 30, before=30)",
    "count('Order Completed', days=14, before=20, where=total >= 7)",
    "count('Product Viewed', 3, before=4)",
    "sum('order completed', total, 21, before=350)",
    "sum('Referral Sent', bonus, 10, before=700)",
    "mean('Referral Sent', bonus, 7, before=7)",
    "min('Referral Sent', bonus, 14)",
    "max('referral sent', bonus)",
    "max('Referral Sent', bonus, 10, before=15, where=to != 't1')",
    "min('Order Completed', total)",
    "max('Order Completed', total, 25)",
    "max('order completed', discount, 30, before=10, where=currency != 'EUR')",
    "distinct('Referral Sent', to)",
    "distinct('Referral Sent', bonus, 20)",
    "distinct('Product Viewed', product, 9)",
    "distinct('Order Completed', categories, 40)",
    "distinct('Order Completed', total, where=coupon is not known)",
    "distinct('Order Completed', brands)",
    "share('category', 'Tea', orders, 30)",
    "return_rate(30)",
    "return_rate(days=365)",
    "share('category', 'Grocery', revenue, days=90)",
    "share('brand', '7', revenue, 365)",
    "share('channel', 'app', views, 21)",
    "share('store', value='s1', weight=revenue, days=45)",
    "top_share('product', revenue, 60)",
    "top_share('brand', orders, 14)",
    "top_share('category', views, 7)",
    "average_order_value_365d",
    "frequency_score",
    "monetary_score",
    "times_entered(stage='at_risk')",
    "times_entered(stage = 'loyal')",
    "bucket('spring', 3)",
    "bucket('autumn', buckets = 7)",
)
NUMBERS = (
    "0",
    "0.1",
    "0.3",
    "0.5",
    "0.9",
    "1.1",
    "2",
    "3",
    "7.07",
    "14",
    "30",
    "33.33",
    "100",
    "1 / 3",
    "1e-7",
    "-2.5",
)
MEASURES = """
[[measures]]
name = "recent"
value = "count('Order Completed', 33, where = total >= 7)"
[[measures]]
name = "ratio"
value = "recent / (orders - 1)"
[[measures]]
name = "quiet"
value = "days_since_order - 2 * recent"
[[measures]]
name = "points"
value = "at_most(2 * count('Referral Sent', 14), 3) + at_most(views_30d + views_7d, 7.5) + at_least(2 - quiet, -1 / 3)"
[[measures]]
name = "unread"
value = "count('Nobody Reads', 12)"
[[measures]]
name = "rated"
value = "latest('referral sent', bonus)"
profile = true
[[measures]]
name = "country"
value = "traits.country"
"""
MEASURED = ("recent", "ratio", "quiet", "points")
FLAGS = (
    "loyal",
    "true",
    "traits.vip",
    "not traits.newsletter",
    "'shoes' in categories",
    'stage == "new"',
    'previous_stage == "at_risk"',
    "top('category', views, 30) == 'Tea'",
    "top('brand', revenue, 60) in ['Acme', '7']",
    "'Grocery' != top('category', orders, 20)",
    "top('product', views, 9) not in ('p1', 'p2')",
    "top('channel', revenue, 33) == traits.plan",
    "top('store', orders, 90) is known",
)
OF_SEGMENTS = (
    "in_segment('s{}')",
    "in_segment(segment='s{}')",
    "times_entered(segment = 's{}') >= 2",
    "days_since_left(segment='s{}') < 4.5",
    "total_days_in(segment='s{}') > 3.25",
    "days_since_entered(segment = 's{}') >= orders",
)
OF_STEPS = (
    "step('{0}') == '{1}'",
    "times_entered(step = '{0}:{1}') >= 2",
    "times_entered(step='{0}:{1}') == 1",
    "days_since_left(step='{0}:{1}') < 4.5",
    "total_days_in(step='{0}:{1}') > 3.25",
    "total_days_in(step='{0}:{1}') < days_in_stage",
    "days_since_entered(step = '{0}:{1}') >= orders",
    "days_since_entered(step='{0}:{1}') - days_since_visit >= 2",
)
OF_SIGNALS = (
    "days_since_signal('g{}') < 4.5",
    "days_since_signal(signal='g{}') >= 2.25",
    "days_since_signal('g{}') is known",
    "days_since_signal('g{}') > days_since_order",
)
RETENTION = (
    "[retention]\nforget_prospects_after_days = 3\n",
    "[retention]\nforget_churned_after_days = 2.5\n",
    "[retention]\nforget_prospects_after_days = 1\nforget_churned_after_days = 1\n",
)
EXCLUDED = (
    'kind == "business"',
    'traits.country == "DE" or traits.vip',
    'kind != "business" and traits.country is known',
    'starts_with(traits.country, "F")',
)
TEXTS = (
    'country == "DE"',
    'kind == "business"',
    'traits.country in ["DE", "FR"]',
    'traits.country != "DE"',
    "traits.age > 30.5",
)
DECLARED = (
    '"sport" in traits.interests',
    '"sport" not in traits.interests',
    "traits.plan in traits.interests",
    "traits.interests is known",
    '"sport" in traits.interests',
    '"trial" in traits.labels and traits.labels is known',
    '"trial" not in traits.labels',
    "traits.plan in traits.labels",
    "traits.newsletter",
    "traits.score > 2.5",
    "traits.score - 1 <= orders",
    'traits.plan != "free"',
    'starts_with(traits.plan, "pl")',
    'not contains(traits.country, text="E")',
    "traits.born_on is known",
    "traits.renewal_at is not known",
)
TRAITS = """
[traits]
interests = "texts"
labels = "tags"
newsletter = "flag"
score = "number"
plan = "text"
born_on = "date"
renewal_at = "instant"

[context]
shop = ["context.shop", "properties.to"]
"""
DATED = (
    "age(traits.born_on)",
    "days_until_anniversary(traits.born_on)",
    "days_until_anniversary(traits.renewal_at)",
    "days_since(traits.born_on)",
    "days_since(traits.renewal_at)",
    "days_until(traits.renewal_at)",
    "days_until(trait=traits.born_on)",
)
SIGNALS = (
    """event = "Referral Sent"
[signals.unless]
events = ["order completed", "App Opened"]
within_days = {}
""",
    """event = "Product Viewed"
times = 2
within_hours = {}
""",
    """event = "referral_sent"
where = "bonus > 0 or to is not known"
times = 2
within_days = 9
[[signals.steps]]
event = "App Opened"
within_days = {}
[signals.unless]
events = ["Referral Sent"]
where = "to == 't1'"
within_minutes = 90.5
""",
    """event = "Order Completed"
[[signals.steps]]
event = "Completed Order"
within_days = {}
""",
    """event = "page"
[signals.unless]
events = ["page", "Order Cancelled"]
within_hours = {}
""",
)
KINDS = ('kind == "business"', "traits.score > 0", '"sport" in traits.interests', "not traits.newsletter")
RHYTHM = """
[lifecycle.patience]
method = "rhythm"
multiple = {}
churn_multiple = {}
min_days = {}
max_days = {}
"""
FIXED = """
[lifecycle.patience]
method = "fixed"
days = {}
churn_days = {}
"""
P_ALIVE = """
[lifecycle.patience]
method = "p_alive"
r = 0.243
alpha = 4.414
a = 0.793
b = 2.426
churn_limit = 0.1
limit = {}
min_days = {}
max_days = {}
min_at_risk_days = {}
"""
SUPPORT = """
[lifecycle.support]
shorten_to = {}
bad_rating = {}
rating_counts_days = 12.5
open_days = 1.25
"""


MIN_STAY = re.compile(r"^min_stay_days.*\n", re.MULTILINE)
STEP_KEY = re.compile(r"""^key = ["'](l\d|p\d)""", re.MULTILINE)
STAGE_KEY = re.compile(r"^key = '(\w+)'", re.MULTILINE)
SHIPPED = ("prospect", "new", "repeat", "loyal", "at_risk", "churned")


def in_own_words(stages: str, segments: list[str]) -> list[str]:
    """The segments, which ask for the stages that there are."""
    if not stages:
        return segments
    keys = STAGE_KEY.findall(stages)
    own = {stage: keys[number % len(keys)] for number, stage in enumerate(SHIPPED)}
    # A condition that is `loyal` alone stands in three quotation marks, and is none.
    quoted = re.compile(rf"""(?<!['"])(['"])({"|".join(SHIPPED)})\1(?!['"])""")
    return [quoted.sub(lambda found: f"{found[1]}{own[found[2]]}{found[1]}", text) for text in segments]


class Drawing:
    """One policy, drawn."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        choose = self.random.choice
        self.patience = choose(
            (
                RHYTHM.format(
                    choose((0.7, 1.5, 3)), choose((1.2, 2, 3)), choose((3, 7.5, 14)), choose((20, 30.25, 60))
                ),
                FIXED.format(choose((9, 12.5)), choose((20, 30.5))),
                P_ALIVE.format(choose((0.5, 0.8)), choose((2, 14)), choose((20, 200)), choose((1, 7.3))),
            )
        )

    def operand(self, depth: int = 0) -> str:
        share, choose = self.random.random(), self.random.choice
        if depth > 2 or share < 0.4:
            return choose(MOVING + STILL)
        if share < 0.47:
            return choose(DATED)
        if share < 0.57:
            return choose(NUMBERS)
        if share < 0.61:
            return choose(MEASURED)
        if share < 0.65:
            return f"-{choose(MOVING + STILL)}"
        if share < 0.74:
            return f"{choose(('at_most', 'at_least'))}({self.operand(depth + 1)}, {choose(NUMBERS)})"
        return f"({self.operand(depth + 1)} {choose('+-*/')} {self.operand(depth + 1)})"

    def leaf(self) -> str:
        share, choose = self.random.random(), self.random.choice
        if share < 0.65:
            return f"{self.operand()} {choose(('<', '<=', '>', '>=', '==', '!='))} {self.operand()}"
        if share < 0.7:
            return f"{choose(NUMBERS)} <= {self.operand()} < {self.operand()}"
        if share < 0.76:
            return f"{self.operand()} is {choose(('', 'not '))}known"
        if share < 0.79:
            return f"{choose(DATED)} {choose(('<', '<=', '>', '>=', '=='))} {choose((0, 1, 7, 18, 30, 363.5))}"
        if share < 0.82:
            return f"stage {choose(('in', 'not in'))} ['at_risk', 'churned']"
        if share < 0.88:
            return f"{choose(STILL)} {choose(('in', 'not in'))} [1, 2.5, 3, 5]"
        return choose(FLAGS if share < 0.91 else TEXTS if share < 0.94 else DECLARED)

    def tree(self, depth: int = 0) -> str:
        share = self.random.random()
        if depth > 2 or share < 0.45:
            return self.leaf()
        if share < 0.85:
            return f"({self.tree(depth + 1)} {'and' if share < 0.65 else 'or'} {self.tree(depth + 1)})"
        return f"not ({self.tree(depth + 1)})"

    def rule(self, head: str, before: str = "") -> str:
        """A rule of membership with conditions that are not refused."""
        while True:
            text = f"{head}enter = '''{self.tree()}'''\n"
            if self.random.random() < 0.5:
                text += f"leave = '''{self.tree()}'''\n"
            if "[lifecycle" not in head and self.random.random() < 0.3:
                text += f"confirm_hours = {self.random.choice((0.5, 5, 60.25))}\n"
            if "[[segments]]" in head and self.random.random() < 0.4:
                text += f"quiet_days = {self.random.choice((0.5, 6.25, 30))}\n"
            if self.random.random() < 0.5:
                text += f"min_stay_days = {self.random.choice((0.5, 4, 11.25))}\n"
            try:
                read_policy(f'name = "drawn"\n{TRAITS}{MEASURES}{self.patience}\n{before}{text}', catalogue)
            except PolicyError:
                continue
            return text

    def stages(self) -> str:
        """Stages of its own: some of those that ship, renamed, and others before, between and after them."""
        if self.random.random() < 0.4:
            return ""
        choose = self.random.choice
        rows = [
            ("gone", choose(('silence == "churned"', 'silence == "churned" and occasions > 1')), ""),
            ("sleeping", choose(('silence == "at_risk"', 'silence in ["at_risk", "churned"]')), ""),
            ("vip", "orders_30d >= 3", "orders_30d < 2"),
            ("member", choose(("loyal", "occasions >= 2 and loyal")), ""),
            ("buyer", choose(("orders >= 1", "occasions >= 1 and occasions < 4", "1 <= orders < 3")), ""),
            ("lapsed", "days_since_visit > 9.5 and orders < 1", choose(("", "days_since_visit < 4"))),
            ("seen", "views_30d >= 1", ""),
        ]
        kept = [row for row in rows if self.random.random() < 0.7]
        if self.random.random() < 0.5:
            self.random.shuffle(kept)
        text = ""
        for key, enter, leave in kept:
            text += f"[[lifecycle.stages]]\nkey = '{key}'\nenter = '{enter}'\n"
            text += f"leave = '{leave}'\n" if leave else ""
            text += choose(("", f"entered = 'to_{key}'\n", "left = 'on'\n"))
        if self.random.random() < 0.5:
            text += self.rule("[lifecycle.loyal]\n").replace("[lifecycle.loyal]", "[[lifecycle.stages]]\nkey = 'drawn'")
            text = MIN_STAY.sub("", text)
        last = choose(("", "enter = 'orders < 1'", "left = 'begun'"))
        return f"{text}[[lifecycle.stages]]\nkey = 'other'\n{last}\n"

    def kinds(self) -> str:
        """Lifecycles of kinds, each with some of what can be otherwise."""
        choose = self.random.choice
        text = ""
        for _ in range(choose((0, 0, 1, 2))):
            text += f"[[lifecycles]]\napplies_to = '{choose(KINDS)}'\n"
            text += choose(("", f"one_time_patience_days = {choose((3.5, 16))}\none_time_churn_days = 30.25\n"))
            text += choose(("", "[lifecycles.rfm]\nrecency_days = [2.5, 7, 21, 50]\nmonetary = [10, 20, 300, 400]\n"))
            text += choose(("", SUPPORT.format(choose((0.37, 0.5)), choose((2, 4)))))
            text += choose(("", FIXED.format(choose((9, 12.5)), choose((20, 30.5))), self.patience))
        return text.replace("[lifecycle.", "[lifecycles.")

    def ladders(self) -> str:
        """Ladders whose steps are reached and left by any conditions; the second may ask for the first."""
        choose = self.random.choice
        text = ""
        for number in range(choose((0, 1, 2))):
            text += f'[[ladders]]\nkey = "l{number}"\nname = "L{number}"\n'
            for place in range(choose((1, 2, 3))):
                step = self.rule(
                    f'[[ladders.steps]]\nkey = "p{place}"\nname = "P{place}"\n', "[[ladders]]\nkey = 'l'\nname = 'L'\n"
                )
                text += step if number == 0 else self.of_steps(step, text.partition('key = "l1"')[0], "enter", "leave")
                for key in ("grace_days", "requalify_days"):
                    if self.random.random() < 0.4:
                        text += f"{key} = {choose((0.25, 3, 10.5))}\n"
        return text

    def signal(self, number: int) -> str:
        """A signal whose condition, if it has one, is not refused."""
        choose = self.random.choice
        head = f'[[signals]]\nkey = "g{number}"\nname = "G{number}"\nper = "{choose(("", "", "to"))}"\n'
        head += choose(("", "", f"quiet_days = {choose((0.5, 6.25, 30))}\n"))
        steps = f"[[signals.steps]]\n{choose(SIGNALS).format(choose((0.5, 3, 12.25)))}"
        return head + self.asked(head + steps) + steps

    def recurring(self, number: int, ladders: str) -> str:
        """A signal that comes again and again in the first segment, in a stage, or on a step if there are ladders."""
        choose = self.random.choice
        places = ["segment = 's0'", "stage = 'repeat'", "stage = 'at_risk'", "stage = 'prospect'"]
        places += ["step = 'l0:p0'"] * 4 if "l0" in ladders else []
        head = f"[[signals]]\nkey = 'g{number}'\nname = 'Again'\nevery_days = {choose((1, 3.5, 10.25))}\n"
        stayed = "[[signals.steps]]\nevent = 'page'\n"
        return f"{head}{self.asked(head.partition('every_days')[0] + stayed)}{choose(places)}\n"

    def asked(self, signal: str) -> str:
        """A condition of a signal, or none."""
        head, _, steps = signal.partition("[[signals.steps]]")
        while True:
            asked = self.random.choice(("", f"while = '''{self.tree()}'''\n"))
            whole = f"{head}{asked}[[signals.steps]]{steps}"
            try:
                read_policy(f'name = "drawn"\n{TRAITS}{MEASURES}{self.patience}\n{whole}', catalogue)
            except PolicyError:
                continue
            return asked

    def of_segments(self, rule: str, number: int) -> str:
        """The rule of a segment, which may now ask for some of those before it."""
        for before in range(number):
            key, word = self.random.choice(("enter", "leave")), self.random.choice(("and", "or", "and not", "or not"))
            head, found, rest = rule.partition(f"{key} = '''")
            if found and self.random.random() < 0.5:
                condition, _, rest = rest.partition("'''")
                asked = self.random.choice(OF_SEGMENTS).format(before)
                rule = f"{head}{found}{asked} {word} ({condition})'''{rest}"
        if "leave = " in rule and self.random.random() < 0.3:
            own = self.random.choice(OF_SEGMENTS[2:]).format(number)
            rule = rule.replace("enter = '''", f"enter = '''{own} or ", 1)
        return rule

    def of_steps(self, rule: str, ladders: str, *keys: str) -> str:
        """The rule of a step, segment or signal, whose conditions may now ask for the steps of ladders."""
        ladder, steps = "", []
        for found in STEP_KEY.findall(ladders):
            if found.startswith("l"):
                ladder = found
            else:
                steps.append((ladder, found))
        for key in keys if steps else ():
            head, opened, rest = rule.partition(f"{key} = '''")
            if opened and self.random.random() < 0.5:
                asked = self.random.choice(OF_STEPS).format(*self.random.choice(steps))
                word = self.random.choice(("and", "or", "and not", "or not"))
                rule = f"{head}{opened}{asked} {word} {rest}"
        return rule

    def of_signals(self, rule: str, key: str, count: int) -> str:
        """The rule of a segment or signal, whose condition may now ask when one of so many signals was told."""
        head, found, rest = rule.partition(f"{key} = '''")
        if not found or not count or self.random.random() < 0.6:
            return rule
        asked = self.random.choice(OF_SIGNALS).format(self.random.randrange(count))
        return f"{head}{found}{asked} {self.random.choice(('and', 'or', 'and not', 'or not'))} {rest}"

    def text(self) -> str:
        choose = self.random.choice
        lifecycle = f"[lifecycle]\none_time_patience_days = {choose((10, 25.5))}\none_time_churn_days = 40\n"
        support = choose(("", SUPPORT.format(choose((0.37, 0.5)), choose((2, 4)))))
        stages = self.stages()
        segments = [
            self.of_segments(self.rule(f'[[segments]]\nkey = "s{number}"\nname = "S{number}"\n'), number)
            for number in range(choose((2, 3, 4)))
        ]
        retention = choose(("", *RETENTION))
        holdout = choose(("", '[holdout]\nname = "spring"\npercent = 33.25\n'))
        zone = f'[time]\nzone = "{choose(("UTC", "Europe/Berlin", "America/New_York"))}"\n'
        zone += choose(("", "resolution_minutes = 1\n", "resolution_minutes = 60\n"))
        zone += choose(("", "zone_trait = 'timezone'\n", "zone_trait = 'timezone'\n"))
        excluded = choose((None, *EXCLUDED))
        customers = "" if excluded is None else f"[customers]\nexcluded = '{excluded}'\n"
        loyal = self.rule("[lifecycle.loyal]\n")
        signals = [self.signal(number) for number in range(choose((0, 1, 2, 3)))]
        ladders = self.ladders()
        signals += [self.recurring(len(signals), ladders)] if self.random.random() < 0.6 else []
        if "l0" in ladders:
            first = self.rule('[[segments]]\nkey = "on"\nname = "On"\n').replace(
                "enter = '''", 'enter = \'\'\'step("l0") == "p0" or ', 1
            )
            segments.insert(0, first)
        more = (customers, lifecycle, self.patience, support)
        segments = [self.of_steps(text, ladders, "enter", "leave") for text in segments]
        signals = [self.of_steps(text, ladders, "while") for text in signals]
        segments = [self.of_signals(text, "enter", len(signals)) for text in segments]
        signals = [self.of_signals(text, "while", len(signals)) for text in signals]
        groupings = in_own_words(stages, [MEASURES, ladders, *segments, *signals])
        lifecycles = (*more, loyal, stages, self.kinds())
        kept = "" if stages else retention  # a policy's own stages have other names
        return "".join(('name = "drawn"\n', zone, TRAITS, holdout, kept, *lifecycles, *groupings))
