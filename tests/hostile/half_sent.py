"""Calls whose messages stop short of their end: no gRPC client sends such, so this speaks HTTP/2 itself."""

import socket
from collections.abc import Iterator

import h2.config
import h2.connection
import h2.events

FRAME = 5
"""Bytes before a message: whether it is compressed, and its length."""


class HalfSent:
    """Is one connection with many calls under way."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._socket = socket.create_connection((host, int(port)), timeout=20)
        self._socket.settimeout(0.05)
        self._http = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
        self._http.initiate_connection()
        self._unsent: dict[int, bytes] = {}
        self.statuses: dict[int, str] = {}
        """The grpc-status of each call that was ended, by its stream."""

    def call(self, path: str, size: int, sent: int) -> None:
        """Begin a call with a message of `size` bytes, of which so many will be sent."""
        stream = self._http.get_next_available_stream_id()
        headers = {":method": "POST", ":scheme": "http", ":path": path, ":authority": "almoner"}
        self._http.send_headers(
            stream, [*headers.items(), ("te", "trailers"), ("content-type", "application/grpc")]
        )
        self._unsent[stream] = b"\x00" + size.to_bytes(FRAME - 1, "big") + b"x" * sent

    def turn(self) -> None:
        """Send what the server is ready to take, and hear what it says."""
        for stream in self._unsent.keys() - self.statuses.keys():
            for part in self._parts(stream):
                self._http.send_data(stream, part)
        try:
            self._socket.sendall(self._http.data_to_send())
            heard = self._socket.recv(1 << 20)
        except TimeoutError:
            return
        for event in self._http.receive_data(heard):
            if isinstance(event, (h2.events.ResponseReceived, h2.events.TrailersReceived)):
                status = dict(event.headers).get(b"grpc-status")
                if status is not None:
                    self.statuses[event.stream_id] = status.decode()
        self._socket.sendall(self._http.data_to_send())

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    @property
    def all_sent(self) -> bool:
        """Tell whether all that was to be sent is."""
        return not any(self._unsent[stream] for stream in self._unsent.keys() - self.statuses.keys())

    def _parts(self, stream: int) -> Iterator[bytes]:
        while window := min(self._http.local_flow_control_window(stream), len(self._unsent[stream])):
            size = min(window, self._http.max_outbound_frame_size)
            part, self._unsent[stream] = self._unsent[stream][:size], self._unsent[stream][size:]
            yield part
