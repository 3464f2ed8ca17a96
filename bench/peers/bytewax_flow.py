"""The job in Bytewax: a stateful map with recovery in SQLite. What it sends to Kafka comes at least once."""

from typing import Any

import bytewax.operators as op
import msgspec
from bytewax.connectors.kafka import KafkaSinkMessage
from bytewax.connectors.kafka import operators as kop
from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main

from bench.peers.job import LARGE, Numbers, Order, add, nothing
from bench.peers.task import Progress, Task

task = Task.given()
progress = Progress(task)
decode = msgspec.json.Decoder(Order).decode
encode = msgspec.json.Encoder().encode


def keyed(message: Any) -> tuple[str, Order]:
    """Return the customer and the order."""
    return message.key.decode(), decode(message.value)


def count(numbers: Numbers | None, order: Order) -> tuple[Numbers, tuple[float, Numbers]]:
    """Add an order."""
    numbers = numbers or nothing()
    add(numbers, order.amount, order.at)
    progress.add()
    return numbers, (order.amount, numbers)


def announced(counted: tuple[str, tuple[float, Numbers]]) -> Any | None:
    """Return the announcement of a large order, or nothing."""
    customer, (amount, numbers) = counted
    if amount < LARGE:
        return None
    return KafkaSinkMessage(customer.encode(), encode({"customer": customer, "numbers": numbers}))


flow = Dataflow("orders")
arrived = kop.input("in", flow, brokers=[task.broker], topics=[task.topic], tail=False)
counted = op.stateful_map("count", op.map("decode", arrived.oks, keyed), count)
kop.output("out", op.filter_map("large", counted, announced), brokers=[task.broker], topic=task.output)

if __name__ == "__main__":
    recovery = task.folder / "recovery"
    recovery.mkdir()
    init_db_dir(recovery, 1)
    cli_main(flow, recovery_config=RecoveryConfig(recovery))  # returns once the last snapshot is written
    progress.mark()
