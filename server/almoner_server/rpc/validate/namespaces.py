"""What administrators say about namespaces."""

from collections.abc import Sequence
from dataclasses import dataclass

from almoner.v1.admin_service_pb2 import CreateNamespaceRequest, UpdateNamespaceRequest

from almoner_server.core.errors import invalid
from almoner_server.core.terms import IN_FLIGHT, GroupRule
from almoner_server.rpc.validate.amounts import UNIT_FORM, is_unit_name
from almoner_server.rpc.validate.fields import (
    MAX_ID_BYTES,
    bounded,
    enum_reader,
    identifier,
    not_allowed,
    required,
    shown,
)
from almoner_server.rpc.validate.parties import too_many
from almoner_server.store import NamespaceSettings

MAX_UNITS = 32
SETTINGS = ("enabled", "group_rule", "units")
_group_rule = enum_reader(GroupRule, default=GroupRule.MIN)
_given_group_rule = enum_reader(GroupRule)


@dataclass(frozen=True, slots=True)
class NamespaceUpdate:
    """Says which settings to change; None leaves one as it is."""

    name: str
    units: tuple[str, ...] | None
    group_rule: GroupRule | None
    enabled: bool | None
    etag: str


def create_namespace(request: CreateNamespaceRequest) -> NamespaceSettings:
    """Read a CreateNamespace. Raises RequestFailed."""
    given = request.namespace
    return NamespaceSettings(
        identifier("namespace.name", given.name),
        _units(given.units),
        _group_rule("namespace.group_rule", given.group_rule),
        given.enabled if given.HasField("enabled") else True,
    )


def update_namespace(request: UpdateNamespaceRequest) -> NamespaceUpdate:
    """Read an UpdateNamespace: what the mask names must be given. Raises RequestFailed."""
    given = request.namespace
    name = identifier("namespace.name", given.name)
    mask = set(request.update_mask.paths)
    if not mask:
        raise required("update_mask", f"required: which of {', '.join(SETTINGS)} to change")
    if unknown := mask.difference(SETTINGS):
        raise not_allowed("update_mask", f"to name {', '.join(SETTINGS)}", shown(min(unknown)))
    if "enabled" in mask and not given.HasField("enabled"):
        raise required("namespace.enabled", "required since update_mask names it")
    return NamespaceUpdate(
        name,
        _units(given.units) if "units" in mask else None,
        _given_group_rule("namespace.group_rule", given.group_rule) if "group_rule" in mask else None,
        given.enabled if "enabled" in mask else None,
        bounded("namespace.etag", given.etag, MAX_ID_BYTES),
    )


def _units(given: Sequence[str]) -> tuple[str, ...]:
    if not given:
        raise required("namespace.units")
    if len(given) > MAX_UNITS:
        raise too_many("namespace.units", len(given), MAX_UNITS, "units")
    for place, unit in enumerate(given):
        field = f"namespace.units[{place}]"
        if not is_unit_name(unit):
            message = f"{shown(unit)} is not {UNIT_FORM}"
            raise invalid("MALFORMED_NAME", field, message, value=shown(unit), limit=UNIT_FORM)
        if unit == IN_FLIGHT:
            raise not_allowed(field, f"for other names than {IN_FLIGHT}, which is built in", unit)
    return tuple(given)
