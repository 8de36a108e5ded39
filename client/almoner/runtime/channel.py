"""How both kinds of channel behave."""

CHANNEL_OPTIONS: list[tuple[str, int]] = [
    # After an outage gRPC waits up to two minutes before it tries to connect again, and fails every
    # call meanwhile. A quota client must be back as soon as its server is.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 1_000),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    # A server whose machine has vanished answers nothing, and TCP alone goes on sending for a quarter of an
    # hour; a proxy that acknowledges everything and forwards nothing is never noticed by TCP at all. Pings
    # are: one without an answer ends the connection, and the call is sent again on another. The authority
    # permits one every 10 s.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    # The server bounds what it answers, by items; a page of charges with long labels is above gRPC's 4 MiB.
    ("grpc.max_receive_message_length", -1),
    # gRPC also pings to measure the road, has one ping under way at a time, and would wait a minute for that one.
    ("grpc.http2.ping_timeout_ms", 5_000),
]
