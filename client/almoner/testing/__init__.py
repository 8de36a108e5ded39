"""For tests of programs that use an authority; needs a server started with `--test-clock`."""
