"""The push of transitions: server-sent events, from one reader of the topic to everybody who listens."""
