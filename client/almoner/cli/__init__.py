"""The command line. `main` is the entry point `almoner`."""

import click

from almoner.cli import asking, groups, journal, ledger, limit, namespace, status, telling
from almoner.cli.exits import EXIT_CODES
from almoner.cli.options import connection_options, examples
from almoner.cli.replay.command import replay
from almoner.cli.root import Root


@click.command(
    cls=Root,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EXIT_CODES
    + examples(
        "almoner serve",
        "almoner limit set --default usd=25 --per month",
        "almoner check --user u-17 usd=0.25 messages=1",
    ),
)
@click.version_option(package_name="almoner", message="%(prog)s %(version)s")
@connection_options
def main() -> None:
    """Ask, tell and administer Almoner, the quota authority for LLM and agent spend.

    Amounts are written UNIT=AMOUNT: usd=0.25 is decimal dollars (the unit usd_micros), every other unit takes
    whole numbers, as in messages=1 tokens=4000.
    """


for _command in (
    asking.check,
    asking.hold,
    telling.commit,
    telling.release,
    telling.extend,
    telling.adjust,
    status.status,
    limit.limit,
    groups.groups,
    namespace.namespace,
    ledger.ledger,
    ledger.holds,
    journal.journal,
    replay,
):
    main.add_command(_command)
