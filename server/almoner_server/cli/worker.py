"""What a worker of `almoner serve --workers` runs. Only its supervisor starts it."""

import click

from almoner_server.cli.running import run
from almoner_server.cli.serve import until_told, work
from almoner_server.workers import Lifeline


def main() -> None:
    """Serve by the supervisor's orders."""
    lifeline = Lifeline()
    orders = lifeline.orders()
    try:
        run(lambda: until_told(work(orders.config, lambda _: lifeline.started(), orders.worker)))
    except click.ClickException as error:
        lifeline.refused(error.message)
        raise SystemExit(1) from error


if __name__ == "__main__":
    main()
