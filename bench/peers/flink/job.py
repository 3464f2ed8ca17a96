"""The policy by hand in PyFlink: a keyed process function with timers of event time, its state in Flink's backend.

``copy PAST UNTIL CUSTOMERS`` makes the customers and ends with a savepoint; ``run UNTIL`` begins with it, and reads
what lies in the inputs. Instants in ms since 1970.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from pyflink.common import Configuration, JobClient, Types, WatermarkStrategy
from pyflink.common.serialization import SimpleStringSchema
from pyflink.datastream import DataStream, StreamExecutionEnvironment
from pyflink.datastream.connectors.base import DeliveryGuarantee
from pyflink.datastream.connectors.kafka import (
    KafkaOffsetsInitializer,
    KafkaRecordSerializationSchema,
    KafkaSink,
    KafkaSource,
)
from pyflink.datastream.connectors.number_seq import NumberSequenceSource
from pyflink.java_gateway import get_gateway

from bench.peers.flink.customer import Customer
from bench.peers.flink.decider import advance, take
from bench.peers.flink.policy import Policy, key_of, parsed
from bench.peers.task import Task, marks

_CHECKPOINT_MS = 10_000
_CACHED_STATES = 100_000


def run(task: Task, until: int) -> None:
    """Process what lies in the inputs, beginning with the customers of the savepoint."""
    (savepoint,) = (task.folder / "savepoints").iterdir()
    env = _environment({"execution.state-recovery.path": savepoint.as_uri()})
    source = _source(task, task.topic).set_bounded(KafkaOffsetsInitializer.latest()).build()
    # Without a timestamp of its own, a record has the one that it has in Kafka.
    events = env.from_source(source, WatermarkStrategy.for_monotonous_timestamps(), "events")
    _decided(events.map(parsed, Types.PICKLED_BYTE_ARRAY()), until).sink_to(_sink(task)).uid("transitions")
    env.execute(task.name)


def copy(task: Task, past: Path, until: int, customers: int) -> None:
    """Decide the past of those who are copied, make the copies, and write a savepoint."""
    originals: dict[str, Customer] = {}
    with past.open() as lines:
        for line in lines:
            event = json.loads(line)
            take(originals.setdefault(event["userId"], Customer()), event["userId"], event)
    lived = [originals[user] for user in sorted(originals)]
    for customer, user in zip(lived, sorted(originals), strict=True):
        advance(customer, user, until)
    env = _environment({})
    numbers = env.from_source(NumberSequenceSource(0, customers - 1), WatermarkStrategy.no_watermarks(), "numbers")
    pickled = Types.PICKLED_BYTE_ARRAY()
    copies = numbers.map(lambda number: (f"customer-{number:08d}", lived[number % len(lived)]), pickled)
    # A job that has ended has no savepoint: this one waits for a record that does not come.
    silent = env.from_source(_source(task, task.output).build(), WatermarkStrategy.no_watermarks(), "silent")
    _decided(copies.union(silent.map(parsed, pickled)), until).print()
    job = env.execute_async(task.name)
    while not any(mark.records == customers for mark in marks(task.folder)):
        time.sleep(0.1)
    _save(job, task.folder / "savepoints")
    job.cancel().result()
    (task.folder / "progress").unlink()


def _environment(more: dict[str, str]) -> StreamExecutionEnvironment:
    settings = {
        "python.executable": sys.executable,
        "python.client.executable": sys.executable,
        "pipeline.jars": os.environ["BENCH_FLINK_JAR"],
        "parallelism.default": "1",
        "pipeline.max-parallelism": "128",
        "state.backend.type": "hashmap",
        "python.state.cache-size": str(_CACHED_STATES),
        "execution.checkpointing.interval": f"{_CHECKPOINT_MS}ms",
        "execution.checkpointing.storage": "filesystem",
        "execution.checkpointing.dir": (Path(os.environ["BENCH_FOLDER"]) / "checkpoints").as_uri(),
        "execution.state-recovery.ignore-unclaimed-state": "true",
        **more,
    }
    configuration = Configuration()
    for name, value in settings.items():
        configuration.set_string(name, value)
    return StreamExecutionEnvironment.get_execution_environment(configuration)


def _save(job: JobClient, folder: Path) -> None:
    # PyFlink 2.3 asks for a savepoint without its format, by a method that Flink 2.3 does not have.
    formats = get_gateway().jvm.org.apache.flink.core.execution.SavepointFormatType
    job._j_job_client.triggerSavepoint(folder.as_uri(), formats.NATIVE).get()  # noqa: SLF001


def _decided(items: DataStream, until: int) -> DataStream:
    return items.key_by(key_of, Types.STRING()).process(Policy(until), Types.STRING()).uid("policy")


def _source(task: Task, topics: str) -> Any:
    return (
        KafkaSource.builder()
        .set_bootstrap_servers(task.broker)
        .set_topics(*topics.split(","))
        .set_group_id(task.name)
        .set_starting_offsets(KafkaOffsetsInitializer.earliest())
        .set_value_only_deserializer(SimpleStringSchema())
    )


def _sink(task: Task) -> KafkaSink:
    records = KafkaRecordSerializationSchema.builder().set_topic(task.output)
    return (
        KafkaSink.builder()
        .set_bootstrap_servers(task.broker)
        .set_record_serializer(records.set_value_serialization_schema(SimpleStringSchema()).build())
        .set_delivery_guarantee(DeliveryGuarantee.EXACTLY_ONCE)
        .set_transactional_id_prefix(task.name)
        .set_property("transaction.timeout.ms", "600000")
        .build()
    )


if __name__ == "__main__":
    if sys.argv[1] == "copy":
        copy(Task.given(), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
    else:
        run(Task.given(), int(sys.argv[2]))
