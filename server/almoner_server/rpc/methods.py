"""Bind the methods of a service, as its proto lists them, to the object that answers them."""

import re
from collections.abc import Callable

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor

from almoner_server.observe.report import CallWatcher
from almoner_server.rpc.arrivals import Arrivals
from almoner_server.rpc.backend import Backend
from almoner_server.rpc.calls import Handler, Method
from almoner_server.rpc.crowd import Crowd

Bind = Callable[[ServiceDescriptor, object], grpc.GenericRpcHandler]


def binder(backend: Backend, watcher: CallWatcher, arrivals: Arrivals, crowd: Crowd) -> Bind:
    """Return what makes gRPC's handler of a service; `CheckQuota` is answered by `check_quota`.

    It raises AttributeError if a method of the service is missing.
    """

    def bind(service: ServiceDescriptor, servicer: object) -> grpc.GenericRpcHandler:
        handlers = {method.name: handler(method, servicer) for method in service.methods}
        return grpc.method_handlers_generic_handler(service.full_name, handlers)

    def handler(descriptor: MethodDescriptor, servicer: object) -> "grpc.RpcMethodHandler[bytes, bytes]":
        method: Method = getattr(servicer, snake_case(descriptor.name))
        # The handler reads the message itself, with patience: gRPC would wait for it as long as it takes.
        return grpc.stream_unary_rpc_method_handler(
            Handler(descriptor, method, backend, watcher, arrivals, crowd).handle
        )

    return bind


def snake_case(name: str) -> str:
    """Return the Python name of a method: `check_quota` for `CheckQuota`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
