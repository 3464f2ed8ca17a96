"""The app of this process: the only module whose import has an effect, for `worker` and for Faust's own commands."""

import os

from streams.observe.onlookers import Onlookers
from streams.policy_file import load_rules
from streams.settings import Settings
from streams.topology import build

settings = Settings.from_environment(os.environ)
rules = load_rules(settings.policy)
onlookers = Onlookers(settings, rules)
app = build(settings, onlookers.tracker, onlookers.hooks, onlookers.status)
onlookers.join(app)
