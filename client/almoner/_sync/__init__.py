# Generated from almoner/_async/__init__.py by tools/generate_blocking.py. Do not edit.
"""The client, written once, async. The blocking twin in `_sync` is generated from these files."""
