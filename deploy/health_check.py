# ruff: noqa: INP001 - a script, copied into an image by itself
"""Exit with 0 if an authority serves, for schedulers that cannot ask gRPC for its health.

    python health_check.py [HOST:PORT]

It says "not serving" while its database is away (unless checks are then allowed) and while it stops.
"""

import sys

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

ADDRESS = "127.0.0.1:50051"
SECONDS = 2.0


def main() -> int:
    """Ask, say the answer, return the exit code."""
    address = sys.argv[1] if len(sys.argv) > 1 else ADDRESS
    with grpc.insecure_channel(address) as channel:
        try:
            answer = HealthStub(channel).Check(HealthCheckRequest(), timeout=SECONDS)
        except grpc.RpcError as error:
            print(f"{address}: {error.details()}", file=sys.stderr)
            return 1
    status = HealthCheckResponse.ServingStatus.Name(answer.status)
    print(f"{address}: {status}")
    return 0 if answer.status == HealthCheckResponse.SERVING else 1


if __name__ == "__main__":
    sys.exit(main())
