"""`python -m tests.chaos.snapshots POLICY...`: customers out of the changelog's bytes, as the product reads them.

Lines of [key, bytes in base64] come in; a JSON line with stage, segments, steps and seq goes out for each.
"""

import json
import sys
from base64 import b64decode
from pathlib import Path

from schemas.instant import to_text
from state.timeline.snapshot import load, read_header
from streams.policy_file import load_rules


def main() -> None:
    possible = [load_rules(Path(it)) for it in sys.argv[1:]]
    by_fingerprint = {it.fingerprint: it for it in possible}
    for line in sys.stdin:
        user_id, snapshot = json.loads(line)
        stored = b64decode(snapshot)
        timeline = load(stored, by_fingerprint.get(read_header(stored).fingerprint, possible[0]))
        head = timeline.head
        joined = {key: to_text(at) for key, at in head.memberships.items()}
        steps = {ladder: [step, to_text(at)] for ladder, (step, at) in head.steps.items()}
        decided = {"stage": head.stage, "since": to_text(head.since), "segments": joined, "steps": steps}
        print(json.dumps({"userId": user_id, **decided, "seq": timeline.seq}))


if __name__ == "__main__":
    main()
