"""What a replay will do, call by call: the trace with its callers, estimates and costs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from almoner.amounts import USD_MICROS
from almoner.cli.replay.assign import Assignment, Caller
from almoner.cli.replay.trace import TracedCall, TraceError, read_trace

UNITS = (USD_MICROS, "messages", "tokens")
_FIRST_TOKEN = 0.05
_PER_CONTEXT_TOKEN = 0.0001
_PER_GENERATED_TOKEN = 0.02


@dataclass(frozen=True, slots=True)
class ScriptedCall:
    """Is one call to make."""

    traced: TracedCall
    caller: Caller
    estimate: Mapping[str, int]
    """An upper bound by unit: the context is known, of the output only how long it may become."""
    cost: Mapping[str, int]
    """What it really comes to, by unit."""

    @property
    def model_seconds(self) -> float:
        """Tell how long a model would take, in real time."""
        traced = self.traced
        return _FIRST_TOKEN + _PER_CONTEXT_TOKEN * traced.context + _PER_GENERATED_TOKEN * traced.generated


@dataclass(frozen=True, slots=True)
class Script:
    """Reads the calls to make from the trace, as often as asked, without keeping them."""

    path: Path
    assignment: Assignment
    max_output: int
    """The most tokens a model generates."""
    rows: int | None
    units: tuple[str, ...] = UNITS

    def calls(self) -> Iterator[ScriptedCall]:
        """Give the calls in the order of their arrival.

        Raises:
            TraceError: The trace is malformed, or has more generated tokens than `max_output`.
        """
        for traced in read_trace(self.path, self.rows):
            if traced.generated > self.max_output:
                raise TraceError(
                    f"{self.path}: line {traced.line}: GeneratedTokens {traced.generated} is above "
                    f"--max-output {self.max_output}: an estimate would be no upper bound"
                )
            caller = self.assignment.caller(traced.number)
            estimate = self._amounts(caller, traced.context, self.max_output)
            yield ScriptedCall(
                traced, caller, estimate, self._amounts(caller, traced.context, traced.generated)
            )

    def _amounts(self, caller: Caller, context: int, generated: int) -> dict[str, int]:
        amounts = {
            USD_MICROS: caller.model.cost(context, generated),
            "messages": 1,
            "tokens": context + generated,
        }
        return {unit: amounts[unit] for unit in self.units}
