"""Input that nobody in their right mind would send, made from a seed."""

import random
from collections.abc import Iterator
from typing import Any

from almoner.v1 import admin_service_pb2, quota_service_pb2
from almoner_server.rpc.bounds import MAX_MESSAGE_BYTES
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

METHODS: tuple[MethodDescriptor, ...] = tuple(
    method
    for file, service in ((quota_service_pb2, "QuotaService"), (admin_service_pb2, "AdminService"))
    for method in file.DESCRIPTOR.services_by_name[service].methods
)
UUID = "019a2b3c-4d5e-7f60-8192-a3b4c5d6e7f8"
TEXTS = (
    "", "u-1", "default", "usd_micros", "tokens", "in_flight", UUID, UUID.upper(), UUID.replace("-", ""),
    "\x00", "a\x00b", "\n", "\x7f", "\u0085", "\u2028", "\u202e", "\ufeff", "\ufffd", "\U0010ffff", "e\u0301",
    "x" * 256, "x" * 257, "\u00e9" * 128, "\u00e9" * 129, "x" * 100_000, "%s%n{0}", "'; DROP TABLE charges; --",
    "../../etc/passwd", "NaN", "-1", "null", " ", "0" * 36,
)  # fmt: skip
NUMBERS = (
    0,
    1,
    -1,
    2,
    5,
    1_000,
    1_001,
    10**13,
    10**13 + 1,
    10**15 + 1,
    2**31 - 1,
    -(2**31),
    2**63 - 1,
    -(2**63),
)
MAX_DEPTH = 4
_SIZES = (0, 1, 1, 1, 2, 3, 65, 33)


class Inputs:
    """Makes requests of every kind. The same seed makes the same ones."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)

    def requests(self, count: int) -> Iterator[tuple[MethodDescriptor, bytes]]:
        """Give requests: rubbish, sound ones with damage, and sound ones with extreme content."""
        for number in range(count):
            method = METHODS[number % len(METHODS)]
            make = self._chance.choice((self._rubbish, self._damaged, self._extreme, self._extreme))
            yield method, make(method)

    def _rubbish(self, _: MethodDescriptor) -> bytes:
        return self._chance.randbytes(self._chance.randrange(300))

    def _damaged(self, method: MethodDescriptor) -> bytes:
        raw = bytearray(self._extreme(method)[:5_000])
        for _ in range(self._chance.randrange(1, 6)):
            place = self._chance.randrange(len(raw) + 1)
            match self._chance.randrange(5):
                case 0:
                    raw[place:place] = self._chance.randbytes(self._chance.randrange(9))
                case 1:
                    del raw[place : place + self._chance.randrange(20)]
                case 2:
                    raw[place : place + 1] = bytes([self._chance.randrange(256)])
                case 3:  # half a surrogate pair, where UTF-8 must be
                    raw = raw.replace(b"u-1", b"\xed\xa0\x80")
                case _:
                    raw[place:] = raw[place // 2 :]
        return bytes(raw)

    def _extreme(self, method: MethodDescriptor) -> bytes:
        raw = None
        while raw is None or len(raw) > MAX_MESSAGE_BYTES:  # those have a test of their own
            message = GetMessageClass(method.input_type)()
            self._fill(message, 0)
            raw = message.SerializeToString()
        return raw

    def _fill(self, message: Message, depth: int) -> None:
        for field in message.DESCRIPTOR.fields:
            if self._chance.random() < 0.25 or depth > MAX_DEPTH:
                continue
            if field.is_repeated:
                self._fill_many(getattr(message, field.name), field, depth)
            elif field.message_type is not None:
                inner = getattr(message, field.name)
                inner.SetInParent()
                self._fill(inner, depth + 1)
            else:
                setattr(message, field.name, self._value(field))

    def _fill_many(self, items: Any, field: Any, depth: int) -> None:
        size = self._chance.choice(_SIZES)
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            key, value = field.message_type.fields
            for _ in range(size):
                items[self._value(key)] = self._value(value)
        elif field.message_type is not None:
            for _ in range(size):
                self._fill(items.add(), depth + 1)
        else:
            items.extend(self._value(field) for _ in range(size))

    def _value(self, field: Any) -> Any:
        if field.type == FieldDescriptor.TYPE_STRING:
            likely = {"namespace": "default", "user": "u-1", "unit": "tokens"}.get(field.name)
            if likely is None and field.name.endswith("id"):
                likely = UUID
            return likely if likely and self._chance.random() < 0.8 else self._chance.choice(TEXTS)
        if field.type == FieldDescriptor.TYPE_BOOL:
            return self._chance.random() < 0.5
        if field.type == FieldDescriptor.TYPE_ENUM:
            return self._chance.choice((0, 1, 2, 3, 4, 99, -1, 2**31 - 1))
        number = self._chance.choice(NUMBERS)
        return number if field.cpp_type == FieldDescriptor.CPPTYPE_INT64 else number % 2**31
