"""How long and how large: the full run, the quick one, and one that only shows that all works."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Scale:
    """Says how much is measured. Times are in seconds."""

    name: str = "full"
    rounds: int = 3
    seconds: float = 1.5
    """One measurement, after its warm-up."""
    warm_up: float = 0.5
    callers: tuple[int, ...] = (1, 8, 64, 256)
    open_loop_seconds: float = 4.0
    rates: tuple[int, ...] = (20, 100, 300)
    """Lifecycles a second."""
    batches: tuple[int, ...] = (1, 32, 500)
    servers: tuple[int, ...] = (1, 2, 4)
    counted_calls: int = 20_000
    """Calls of which the CPU time is taken."""
    burst: int = 1000
    open_holds: int = 100_000
    entries: int = 10_000_000
    users: int = 1_000_000
    limits: int = 100_000
    schemes: bool = True
    """Whether what people do today is measured too."""


FULL = Scale()
QUICK = replace(
    FULL,
    name="quick",
    seconds=0.8,
    warm_up=0.3,
    callers=(64,),
    open_loop_seconds=2.0,
    rates=(20,),
    batches=(500,),
    counted_calls=1500,
    burst=300,
    schemes=False,
)
QUICK_SECTIONS = ("cpu", "latency", "unary", "batch", "coalescing", "hot", "burst")
TINY = replace(
    QUICK,
    name="tiny",
    rounds=1,
    seconds=1.0,
    warm_up=0.1,
    callers=(8,),
    open_loop_seconds=0.6,
    rates=(50,),
    batches=(20,),
    servers=(1,),
    counted_calls=1000,  # CPU time comes in ticks of 10 ms: fewer calls may read as none
    burst=50,
    open_holds=1000,
    entries=2000,
    users=500,
    limits=50,
)
SCALES = {scale.name: scale for scale in (FULL, QUICK, TINY)}
