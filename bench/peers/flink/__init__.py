"""The policy that ships, by hand in Python on Apache Flink, which has its own environment (requirements.txt)."""
