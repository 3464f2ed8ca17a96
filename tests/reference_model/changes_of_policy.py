"""Changes of policy drawn at random: policies that can follow each other, and the instants of the changes."""

import random
import re
from pathlib import Path

from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.policy.text import PolicyError
from streams.backtest.backtest import read_events, run
from streams.policy_file import load_rules
from tests.reference_model.__main__ import Dated
from tests.reference_model.random_policies import Drawing
from tests.support.programs import ROOT

FILES = [
    ROOT / "policies/default.toml",
    *(Path(__file__).parent / "policies" / f"{name}.toml" for name in ("alive", "everything", "fixed", "rhythm")),
]
LASTING = re.compile(r"^(zone|currency|day_seconds|rating_scale|USD) = .*\n", re.MULTILINE)
HEAD = r"\[\[(?:ladders|segments|signals|measures)\]\]"
RULES = re.compile(rf"^{HEAD}\n(?:(?!{HEAD}|\[money).*\n)*", re.MULTILINE)
DAY = 86_400_000


def lasting(text: str, name: str) -> str:
    """A policy under a name of its own, in which all is alike by which customers are stored."""
    text = re.sub(r'^name = "[^"]*"', f'name = "{name}"', LASTING.sub("", text), count=1, flags=re.MULTILINE)
    rates = "" if re.search(r"^\[money.rates\]", text, re.MULTILINE) else "\n[money.rates]\nEUR = 1.25\n"
    return text + rates


def is_readable(text: str) -> bool:
    try:
        read_policy(text, catalogue)
    except PolicyError:
        return False
    return True


class Changes:
    """Two or three policies, and the instants at which they change."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.dice = random.Random(seed)
        self.folder = folder
        self.texts: list[str] = []

    def policy(self) -> Path:
        """One that ships or is tested, one that is drawn, or one of before without some of its rules; or as it was."""
        share, number = self.dice.random(), len(self.texts)
        if self.texts and share < 0.2:
            text = self.dice.choice(self.texts)
        elif self.texts and share < 0.6:
            text = self.thinned(self.dice.choice(self.texts))
        elif share < 0.75:
            text = self.made(f"drawn-{number}")
        else:
            text = lasting(self.dice.choice(FILES).read_text("utf-8"), f"known-{number}")
        self.texts.append(text)
        path = self.folder / f"policy-{number}.toml"
        path.write_text(text, "utf-8")
        return path

    def made(self, name: str) -> str:
        while True:
            text = lasting(Drawing(self.dice.randrange(10**6)).text(), name)
            if is_readable(text):
                return text

    def thinned(self, text: str) -> str:
        """A policy without some of its rules, or with other numbers; as it was if nothing else can be read."""
        for _ in range(20):
            thin = RULES.sub(lambda found: found[0] if self.dice.random() < 0.7 else "", text)
            thin = thin.replace("_30d", self.dice.choice(("_30d", "_14d")))
            if is_readable(thin):
                return thin
        return text

    def instants(self, first: Path, lines: list[bytes]) -> list[int]:
        """Instants at which something happens, or nothing does: of events, of deadlines, before all of them, behind."""
        rules = load_rules(first)
        events = read_events(enumerate(lines, 1), 2**60, rules, lambda _: None)
        happened = sorted(fact.at for facts in events.by_customer.values() for fact in facts if fact.at < 2**42)
        middle = happened[len(happened) // 10 : -len(happened) // 10]
        told = run(events, happened[-1], rules).published
        deadlines = [at for at, *_, value in told if b'"cause":"deadline"' in value] or middle
        choose = self.dice.choice
        between = [choose(middle), choose(deadlines)]
        between += [at + choose((-1, 1)) for at in between]
        between += [choose(middle) // DAY * DAY, self.dice.randrange(middle[0], middle[-1])]
        seldom = [happened[0], happened[0] - 5, happened[-1], happened[-1] + 5]
        return [choose(seldom) if self.dice.random() < 0.1 else choose(between) for _ in range(choose((1, 2, 2)))]

    def drawn(self, lines: list[bytes]) -> tuple[Path, list[Dated]]:
        """The first policy, and those that follow it."""
        first = self.policy()
        instants = sorted(set(self.instants(first, lines)))
        return first, [(at, self.policy(), self.dice.random() < 0.25) for at in instants]
