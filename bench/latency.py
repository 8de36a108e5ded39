"""Latencies as a histogram of high dynamic range: three digits from a microsecond to a minute, cheap to merge."""

from hdrh.histogram import HdrHistogram

LONGEST_US = 60_000_000
DIGITS = 3


class Latencies:
    """Collects latencies, given in seconds."""

    def __init__(self) -> None:
        self.histogram = HdrHistogram(1, LONGEST_US, DIGITS)

    def record(self, seconds: float) -> None:
        """Add one; over a minute counts as a minute."""
        self.histogram.record_value(min(LONGEST_US, max(1, round(seconds * 1e6))))

    @property
    def count(self) -> int:
        """Return how many there are."""
        return int(self.histogram.get_total_count())

    def milliseconds(self, percent: float) -> float:
        """Return the latency that `percent` of them do not exceed. Raises ValueError if there is none."""
        if not self.count:
            raise ValueError("nothing was recorded")
        return float(self.histogram.get_value_at_percentile(percent)) / 1000

    def merge(self, other: "Latencies") -> None:
        """Add all of another one's."""
        self.histogram.add(other.histogram)

    def __getstate__(self) -> bytes:
        """Travel between processes compressed."""
        return bytes(self.histogram.encode())

    def __setstate__(self, state: bytes) -> None:
        self.histogram = HdrHistogram.decode(state)
