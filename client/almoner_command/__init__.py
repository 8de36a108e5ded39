"""Where the command `almoner` begins. Apart from the package `almoner`, whose import takes most of the start."""

import sys

INTERRUPTED = 130
"""As in `almoner.cli.exits`."""


def main() -> None:
    """Run the command line; an interrupt while it is still loaded ends as one later does."""
    try:
        from almoner.cli import main as command
    except KeyboardInterrupt:
        print("almoner: interrupted", file=sys.stderr)
        sys.exit(INTERRUPTED)
    command(prog_name="almoner")
