"""The product on real brokers and a real Redis."""
