"""The peer: a stock Faust app that counts purchases per customer and sends one message for each."""

import os

import faust

app = faust.App(
    os.environ["BENCH_APP"],
    broker=f"kafka://{os.environ['LIFESTAGE_BROKER']}",
    store="memory://",
    web_enabled=False,
    topic_partitions=int(os.environ["LIFESTAGE_PARTITIONS"]),
    topic_replication_factor=1,
    topic_disable_leader=True,
    table_standby_replicas=0,
    datadir=os.environ["BENCH_DATA"],
)
purchases = app.topic(os.environ["BENCH_TOPIC"], value_type=bytes, value_serializer="json", key_serializer="raw")
counted = app.topic(f"{os.environ['BENCH_APP']}-counted", value_serializer="json", key_serializer="raw")
orders = app.Table("orders", default=int)


@app.agent(purchases, name="count")
async def count(stream: faust.StreamT[object]) -> None:
    """Count each event, and say so."""
    async for key, event in stream.items():
        customer = str(key)
        orders[customer] += 1
        await counted.send(key=customer.encode(), value={"orders": orders[customer], "event": event is not None})


if __name__ == "__main__":
    app.main()
