"""`python -m tests.chaos --kills 20 --seed 7 ...`: a run; exit code 0 only when it was a real test and all is well."""

import asyncio
import json
import logging
import sys

from tests.chaos.plan import read_plan
from tests.chaos.run import MUST_BE_NOTHING, run


def main() -> None:
    # The harness's own clients meet every fault too; what counts is what the workers make of it.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    plan = read_plan(sys.argv[1:])
    result, missing = asyncio.run(run(plan))
    passed = not missing and not any(result[name] for name in MUST_BE_NOTHING)
    for words in missing:
        print(f"  {words}")
    line = json.dumps({**result, "passed": passed})
    plan.results.parent.mkdir(parents=True, exist_ok=True)
    with plan.results.open("a", encoding="utf-8") as results:
        results.write(line + "\n")
    print(line)
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
