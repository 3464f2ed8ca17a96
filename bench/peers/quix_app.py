"""The job in Quix Streams: a stateful dataframe over RocksDB, with its exactly-once."""

from typing import Any

from quixstreams import Application, State

from bench.peers.job import LARGE, add, nothing
from bench.peers.task import Progress, Task

task = Task.given()
progress = Progress(task)
app = Application(
    broker_address=task.broker,
    consumer_group=task.name,
    processing_guarantee="exactly-once",
    auto_offset_reset="earliest",
    state_dir=task.folder / "state",
)


def count(order: dict[str, Any], state: State) -> dict[str, Any]:
    """Add an order."""
    numbers = state.get("numbers") or nothing()
    add(numbers, order["amount"], order["at"])
    state.set("numbers", numbers)
    if progress.add():
        app.stop()
    return {"amount": order["amount"], "numbers": numbers}


orders = app.dataframe(app.topic(task.topic, key_deserializer="str", value_deserializer="json"))
counted = orders.apply(count, stateful=True)
counted[counted["amount"] >= LARGE].to_topic(app.topic(task.output, key_serializer="str", value_serializer="json"))

if __name__ == "__main__":
    app.run()  # returns once the last checkpoint is committed
    progress.mark()
