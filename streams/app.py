"""The app of this process: the only module whose import has an effect."""

import os

from streams.policy_file import load_rules
from streams.settings import Settings
from streams.topology import build

settings = Settings.from_environment(os.environ)
rules = load_rules(settings.policy)
app = build(settings, rules)
