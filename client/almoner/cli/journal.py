"""`journal list`, `journal replay` and `journal drop`: commits that are kept here until the authority has them."""

from contextlib import closing
from pathlib import Path
from typing import Any

import click

from almoner.cli.answers import print_json
from almoner.cli.options import Settings, connection_options, examples, pass_settings

_directory = click.option(
    "--journal",
    "directory",
    envvar="ALMONER_JOURNAL",
    show_envvar=True,
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The directory that the clients were given.",
)


@click.group()
def journal() -> None:
    """Look after commits that are kept on this machine until the authority has them."""


@journal.command(
    "list",
    epilog=examples("almoner journal list --journal /var/lib/backend/journal", "almoner journal list --json"),
)
@_directory
@click.option(
    "--limit", "count", type=click.IntRange(1), default=100, show_default=True, help="How many at most."
)
@connection_options
@pass_settings
def list_entries(settings: Settings, /, directory: Path, count: int) -> None:
    """List what is in the journal, in the order in which it is sent. Asks no server.

    SENDING: a client is at it just now. WAITING: until the authority is back. DEAD: the authority refused it for
    good; `journal replay --dead` tries again, `journal drop` gives it up.
    """
    from almoner.journal.book import Book
    from almoner.journal.options import Journal

    book = Book(Journal(directory), create=False)
    try:
        contents = book.contents(count).result()
    finally:
        book.close()
    if settings.json:
        print_json(_document(contents, directory))
        return
    from almoner.cli.draw.journal import draw_contents

    draw_contents(contents, directory)


@journal.command(epilog=examples("almoner journal replay --journal /var/lib/backend/journal"))
@_directory
@click.option("--dead", is_flag=True, help="Also what the authority refused for good before.")
@connection_options
@pass_settings
def replay(settings: Settings, /, directory: Path, dead: bool) -> None:
    """Deliver what waits in the journal now, under the ids it was first told with."""
    with closing(settings.client(directory)) as quota:  # not entered: it would begin by itself, uncounted
        replayed = quota.replay_journal(dead=dead)
    if settings.json:
        print_json(replayed)
        return
    from almoner.cli.draw.journal import draw_replayed

    draw_replayed(replayed)


@journal.command(
    epilog=examples(
        "almoner journal drop 17 --journal /var/lib/backend/journal",
        "almoner journal drop 17 18 --waiting",
    )
)
@_directory
@click.option("--waiting", is_flag=True, help="Also WAITING entries; some may have been booked already.")
@click.argument("numbers", nargs=-1, required=True, type=int, metavar="NUMBER...")
@connection_options
@pass_settings
@click.pass_context
def drop(
    ctx: click.Context, settings: Settings, /, directory: Path, numbers: tuple[int, ...], waiting: bool
) -> None:
    """Take DEAD entries out of the journal, for good: nobody sends them any more.

    With --waiting also those that nobody refused. One that was sent without an answer may be booked all the same:
    `journal list` says how often it was tried.
    """
    from almoner.cli.exits import ExitCode
    from almoner.journal.book import Book
    from almoner.journal.options import Journal

    book = Book(Journal(directory), create=False)
    try:
        dropped = book.drop(numbers, waiting=waiting).result()
    finally:
        book.close()
    if settings.json:
        print_json({"dropped": dropped})
    else:
        from almoner.cli.draw.journal import draw_dropped

        others = [number for number in numbers if number not in dropped]
        draw_dropped(dropped, others, waiting=waiting)
    if len(dropped) < len(set(numbers)):
        ctx.exit(ExitCode.NOT_POSSIBLE)


def _document(contents: Any, directory: Path) -> dict[str, Any]:
    """Name what the messages say with the keys of the contract."""
    from google.protobuf.json_format import MessageToDict

    def document(entry: Any) -> dict[str, Any]:
        request = entry.request and MessageToDict(entry.request, preserving_proto_field_name=True)
        return {
            "number": entry.number,
            "kind": entry.kind,
            "state": entry.state,
            "request": request,
            "attempts": entry.attempts,
            "error": entry.error,
            "create_time": entry.create_time,
        }

    return {
        "directory": str(directory),
        "entries": [document(entry) for entry in contents.entries],
        "counts": contents.counts,
        "used_bytes": contents.used_bytes,
    }
