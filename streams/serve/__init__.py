"""What is answered over HTTP beside the workers: customers as they are at the moment of asking, and events in."""
