"""The app of this process: the only module whose import has an effect, for `worker` and for Faust's own commands."""

import os

from agents.track import Tracker
from streams.policy_file import load_rules
from streams.settings import Settings
from streams.topology import build

settings = Settings.from_environment(os.environ)
rules = load_rules(settings.policy)
app = build(settings, lambda partition, snapshots: Tracker(rules, partition, snapshots))
