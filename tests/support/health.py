"""The standard health service, as a prober sees it."""

from collections.abc import AsyncGenerator

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

SERVING = HealthCheckResponse.SERVING
NOT_SERVING = HealthCheckResponse.NOT_SERVING


async def health_of(channel: grpc.aio.Channel, service: str = "") -> int:
    """Return the health of a service."""
    check = channel.unary_unary(
        "/grpc.health.v1.Health/Check",
        request_serializer=HealthCheckRequest.SerializeToString,
        response_deserializer=HealthCheckResponse.FromString,
    )
    answer: HealthCheckResponse = await check(HealthCheckRequest(service=service))
    return answer.status


async def watch_health(channel: grpc.aio.Channel, service: str = "") -> AsyncGenerator[int, None]:
    """Give the health of a service, and every change of it."""
    watch = channel.unary_stream(
        "/grpc.health.v1.Health/Watch",
        request_serializer=HealthCheckRequest.SerializeToString,
        response_deserializer=HealthCheckResponse.FromString,
    )
    call = watch(HealthCheckRequest(service=service))
    try:
        async for answer in call:
            yield answer.status
    finally:
        call.cancel()
