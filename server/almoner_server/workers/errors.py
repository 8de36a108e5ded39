"""What ends a supervisor."""


class WorkersFailed(Exception):
    """Says in one line why the workers cannot go on, or how they ended badly."""
