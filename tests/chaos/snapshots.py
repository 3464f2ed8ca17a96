"""`python -m tests.chaos.snapshots POLICY`: customers out of the changelog's bytes, as the product reads them.

Lines of [key, bytes in base64] come in; a JSON line with stage, segments, steps and seq goes out for each.
"""

import json
import sys
from base64 import b64decode
from pathlib import Path

from schemas.instant import to_text
from state.timeline.snapshot import load
from streams.policy_file import load_rules


def main() -> None:
    rules = load_rules(Path(sys.argv[1]))
    for line in sys.stdin:
        user_id, snapshot = json.loads(line)
        timeline = load(b64decode(snapshot), rules)
        head = timeline.head
        joined = {key: to_text(at) for key, at in head.memberships.items()}
        steps = {ladder: [step, to_text(at)] for ladder, (step, at) in head.steps.items()}
        decided = {"stage": head.stage, "since": to_text(head.since), "segments": joined, "steps": steps}
        print(json.dumps({"userId": user_id, **decided, "seq": timeline.seq}))


if __name__ == "__main__":
    main()
