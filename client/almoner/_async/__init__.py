"""The client, written once, async. The blocking twin in `_sync` is generated from these files."""
