"""What Kafka's client logs: its errors are counted, and none is written."""

import logging

from streams.client_log import ClientErrors


def test_errors_are_counted_and_the_last_one_is_told_once() -> None:
    errors = ClientErrors()
    client = logging.Logger("aiokafka.client")
    client.addHandler(errors)
    assert errors.lately() == ""
    client.info("Joined group")
    client.warning("Topic is not available")
    assert errors.lately() == ""
    for node in range(1100):
        client.error("Unable connect to node with id %d", node)
    assert errors.lately() == "its client has logged 1,100 errors, the last: Unable connect to node with id 1099"
    assert errors.lately() == ""
