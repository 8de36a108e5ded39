"""Run the command line as `python -m almoner.cli`."""

from almoner.cli import main

main(prog_name="almoner")
