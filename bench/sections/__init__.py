"""The sections of the report, in its order."""

from bench.sections import (
    batch,
    burst,
    coalescing,
    cpu,
    growth,
    hot,
    latency,
    memory,
    model_call,
    processes,
    unary,
)
from bench.sections.base import Section

_MODULES = (cpu, latency, unary, batch, coalescing, hot, processes, growth, burst, model_call, memory)
SECTIONS: dict[str, Section] = {module.SECTION.name: module.SECTION for module in _MODULES}
