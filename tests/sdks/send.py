"""Send events with an SDK in Python: python send.py SDK ADDRESS KEY CUSTOMERS [PURCHASES].

Prints each event as the SDK took it, one a line, and ends when it says that all are delivered; status 1 if one is not.
"""

import importlib
import json
import sys
from typing import Any

CLIENTS = {
    "segment": "segment.analytics.client",
    "rudderstack": "rudderstack.analytics.client",
    "customerio": "customerio.analytics.client",
}


def main(sdk: str, address: str, key: str, customers: str, purchases: str = "1") -> int:
    """Send the events of so many customers, each with so many purchases."""
    failed: list[str] = []
    # The two lines that somebody who comes from elsewhere changes.
    client: Any = importlib.import_module(CLIENTS[sdk]).Client(
        key,
        host=address,
        on_error=lambda error, _events: failed.append(repr(error)),
        max_queue_size=1_000_000,
    )
    for number in range(int(customers)):
        customer = f"{sdk}-{number}"
        said = [
            client.identify(customer, {"country": "DE"}),
            client.page(customer, "shop", "start"),
            client.group(customer, "company-1", {"plan": "pro"}),
            client.alias(f"device-{number}", customer),
        ]
        for purchase in range(int(purchases)):
            properties = {"order_id": f"{customer}-{purchase}", "total": 12.5, "currency": "USD"}
            said.append(client.track(customer, "Order Completed", properties))
        for taken, event in said:
            if not taken:
                failed.append("the queue of the SDK is full")
            print(json.dumps(event, default=str), flush=True)
    client.flush()
    client.join()
    for problem in failed:
        print(problem, file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
