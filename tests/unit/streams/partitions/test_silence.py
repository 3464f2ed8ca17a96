"""The silence of Kafka: told at once and then every ten seconds, with what its client has logged."""

import logging

import pytest

from streams.client_log import ClientErrors
from streams.partitions.silence import Silence
from streams.partitions.status import WorkerStatus


def test_a_silence_is_told_in_the_status_each_time_and_in_the_log_every_ten_seconds(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now, errors, status = [0.0], ClientErrors(), WorkerStatus(assigned=True)
    silence = Silence("kafka:1", status, lambda: now[0], errors)
    now[0] = 100.0
    silence.ended()
    assert status.ready
    for second in range(1, 25):
        now[0] = 100.0 + second
        errors.emit(logging.makeLogRecord({"msg": "refused"}))
        assert silence.lasts(TimeoutError()) == second
        assert status.silence == f"Kafka at kafka:1 has not answered for {second} s (TimeoutError)"
        assert not status.ready
    silence.ended()
    assert status.ready
    assert [record.getMessage() for record in caplog.records] == [
        "Kafka at kafka:1 has not answered for 1 s (TimeoutError); its client has logged 1 error, the last: refused",
        "Kafka at kafka:1 has not answered for 11 s (TimeoutError); its client has logged 10 errors, the last: refused",
        "Kafka at kafka:1 has not answered for 21 s (TimeoutError); its client has logged 10 errors, the last: refused",
        "Kafka at kafka:1 answers again after 24 s",
    ]
