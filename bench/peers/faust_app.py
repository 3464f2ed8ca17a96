"""The job in Faust: an agent and a table, with Faust's exactly-once."""

from typing import Any

import faust

from bench.peers.job import LARGE, add, nothing
from bench.peers.task import Progress, Task

task = Task.given()
app = faust.App(
    task.name,
    broker=f"kafka://{task.broker}",
    processing_guarantee="exactly_once",
    store="memory://",
    datadir=task.folder / "data",
    topic_partitions=4,
    topic_replication_factor=1,
    web_enabled=False,
)
orders = app.topic(task.topic, key_type=str, key_serializer="raw", value_serializer="json")
announced = app.topic(task.output, key_type=str, key_serializer="raw", value_serializer="json")
customers = app.Table("customers", default=nothing)
progress = Progress(task)


@app.agent(orders)
async def count(stream: faust.StreamT[Any]) -> None:
    """Add each order."""
    async for customer, order in stream.items():
        numbers = customers[customer]
        add(numbers, order["amount"], order["at"])
        customers[customer] = numbers
        if order["amount"] >= LARGE:
            await announced.send(key=str(customer), value={"customer": customer, "numbers": numbers})
        if progress.add():
            progress.mark()


if __name__ == "__main__":
    app.main()
