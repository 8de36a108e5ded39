"""Which calls a client makes, by what it was told to do when the authority cannot be reached."""

from os import PathLike
from typing import Literal

from almoner._async.calls import QuotaCalls
from almoner._async.transport import Transport
from almoner.journal.options import Journal, LocalAllowance


def make_calls(
    transport: Transport,
    namespace: str,
    journal: str | PathLike[str] | Journal | None,
    on_unreachable: Literal["deny"] | LocalAllowance,
) -> QuotaCalls:
    """Make the calls of one namespace. What a journal needs is loaded only for one.

    Raises:
        JournalError: The journal cannot be opened.
        ValueError: The arguments do not go together.
    """
    if on_unreachable != "deny" and not isinstance(on_unreachable, LocalAllowance):
        raise ValueError(f'on_unreachable: {on_unreachable!r} is neither "deny" nor a LocalAllowance')
    if journal is None:
        if on_unreachable != "deny":
            raise ValueError("on_unreachable: a LocalAllowance needs a journal, to book later what it allows")
        return QuotaCalls(transport, namespace)
    options = journal if isinstance(journal, Journal) else Journal(journal)
    if isinstance(on_unreachable, LocalAllowance):
        from almoner._async.allowing import AllowingCalls

        return AllowingCalls(transport, namespace, options, on_unreachable)
    from almoner._async.journalled import JournalledCalls

    return JournalledCalls(transport, namespace, options)
