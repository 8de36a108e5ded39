"""Namespaces and their settings."""

from collections.abc import Sequence

from almoner.cli.draw.console import stdout, table
from almoner.cli.words import iso, listed
from almoner.types.namespace import Namespace


def draw_namespaces(namespaces: Sequence[Namespace]) -> None:
    """Print namespaces."""
    drawn = table("namespace", "units", "group rule", "limits", "etag", "created")
    for namespace in namespaces:
        drawn.add_row(
            namespace.name,
            listed(namespace.units),
            str(namespace.group_rule),
            "enforced" if namespace.enabled else "not enforced",
            namespace.etag,
            iso(namespace.create_time),
        )
    stdout().print(drawn)
