"""The members of accounts: which account a customer's events name, and in which of the places where producers do."""

import random
from typing import Any
from zlib import crc32

_ACCOUNTS = 60
_NO_IDS = (1.5, None, True, ["acme"], "", "a" * 257)

Event = dict[str, Any]


class Members:
    """Customers of the load as members of accounts; a customer is always of the same one."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(f"accounts {seed}")

    def naming(self, customer: str, event: Event) -> Event:
        """Return the event as a producer sends it who knows the account; of some events, none does."""
        dice = self._dice
        account: Any = f"account-{crc32(customer.encode()) % _ACCOUNTS}"
        if dice.random() < 0.02:
            account = dice.choice(_NO_IDS)
        draw = dice.random()
        if draw < 0.1:
            return event
        if draw < 0.14:
            return {"type": "group", "groupId": account, "traits": {"points": dice.randrange(300)}}
        if draw < 0.2:
            return {**event, "groupId": account}
        return {**event, "context": {"groupId": account}}
