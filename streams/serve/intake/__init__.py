"""The intake: events in over HTTP, as the SDKs of Segment's spec send them, answered when Kafka has them."""
