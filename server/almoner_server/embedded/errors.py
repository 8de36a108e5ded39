"""Name what can go wrong with the embedded PostgreSQL; every message is written for the operator.

EmbeddedError
    BinariesNotFoundError     no PostgreSQL to run
    VersionMismatchError      there is one, but of another major version than the data
    DataDirError              the data directory cannot be used by this process
        DataDirInUseError     because another authority runs on it
    StartError                PostgreSQL did not come up; carries the last lines of its log
    NotRunningError           no authority runs on the data directory
"""


class EmbeddedError(Exception):
    """Stand for any failure of the embedded PostgreSQL."""


class BinariesNotFoundError(EmbeddedError):
    """Tell that no usable PostgreSQL was found, and where it was looked for."""


class VersionMismatchError(EmbeddedError):
    """Tell that the data belongs to another major version than every PostgreSQL found."""


class DataDirError(EmbeddedError):
    """Tell that the data directory cannot be used, and why."""


class DataDirInUseError(DataDirError):
    """Tell that another supervisor holds the data directory, and its process id."""


class StartError(EmbeddedError):
    """Tell that PostgreSQL did not come up, with the last lines of its log."""


class NotRunningError(EmbeddedError):
    """Tell that no authority runs on the data directory."""
