"""How both kinds of channel behave."""

CHANNEL_OPTIONS: list[tuple[str, int]] = [
    # After an outage gRPC waits up to two minutes before it tries to connect again, and fails every
    # call meanwhile. A quota client must be back as soon as its server is.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 1_000),
    ("grpc.max_reconnect_backoff_ms", 1_000),
]
