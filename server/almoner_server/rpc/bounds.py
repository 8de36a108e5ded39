"""What callers may take of a server at most. `docs/operations.md` lists it all."""

MAX_MESSAGE_BYTES = 4 << 20
"""What gRPC allows in every language unless told otherwise: room for a batch of 1,000 items of 4 KiB."""
MAX_CALLS = 12_000
"""Calls under way: those that the engine lets wait for room, and 2,000 more, so that commits always get in."""
MAX_CALL_BYTES = 64 << 20
"""Of the messages of all calls under way."""
MAX_WATCHES = 4_000
"""Calls that watch the health of a service: one for each connection of a client that looks after it."""
MAX_CONVERSATIONS = 64
"""Calls with any number of requests, reflection's, that may be open at once: one is a person's tool."""
MAX_MEMORY = 1 << 30
"""Bytes of the process above which it takes no more requests; it begins with some 60 MB, and works with 100."""
MAX_STREAMS = 20_000
"""All of these, with those that have not sent their request yet. Above it gRPC itself turns calls away."""
OPTIONS = [
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", -1),
    ("grpc.max_concurrent_streams", 10_000),  # of one connection; calls that wait for room each take one
    # Calls that arrive faster than Python takes them: beyond 1,000 gRPC would cancel some of them at random.
    ("grpc.server.max_pending_requests", MAX_STREAMS),
    ("grpc.server.max_pending_requests_hard_limit", MAX_STREAMS),
    ("grpc.keepalive_time_ms", 60_000),  # notices a caller whose machine is gone, and cancels its calls
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.server_handshake_timeout_ms", 10_000),  # for who connects and does not finish the greeting
    ("grpc.max_connection_idle_ms", 300_000),  # a client with nothing to ask connects again when it has
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
]
