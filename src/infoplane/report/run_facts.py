"""What the report says of the run itself: what stages took, on what machine, with which parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infoplane.report.sections import Line, Table


def times_table(log: Mapping[str, Mapping[str, Any]]) -> Table:
    """What each stage took when it last ran in this checkout, its cells added up.

    Stages whose results came from the cache have no entry.
    """
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for name, entry in log.items():
        groups.setdefault(name.split("@")[0], []).append(entry)
    rows = [
        Line(
            stage,
            [
                ("runs", str(len(entries))),
                ("wall seconds", f"{sum(entry['wall_seconds'] for entry in entries):.1f}"),
                ("CPU seconds", f"{sum(entry['cpu_seconds'] for entry in entries):.1f}"),
                ("finished", max(entry["finished"] for entry in entries)),
            ],
        )
        for stage, entries in groups.items()
    ]
    return Table("What each stage took when it last ran here, cells added up.", rows, first="stage")


def machine_facts(log: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """On what machines and with what versions the stages ran, as label and text."""
    if not log:
        return {}
    machines = {f"{entry['machine']}, {entry['cores']} cores" for entry in log.values()}
    versions: dict[str, set[str]] = {}
    for entry in log.values():
        for package, version in {"Python": entry["python"], **entry.get("versions", {})}.items():
            versions.setdefault(package, set()).add(version)
    listed = [f"{package} {' and '.join(sorted(found))}" for package, found in versions.items()]
    return {"Machine": "; ".join(sorted(machines)), "Versions": ", ".join(listed)}


def parameter_groups(values: Mapping[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """Nested parameters as {section: [(dotted key, value)]}; what stands at the top is the section "general"."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            groups[key] = _leaves(value, "")
        else:
            groups.setdefault("general", []).append((key, _text(value)))
    return groups


def _leaves(values: Mapping[str, Any], prefix: str) -> list[tuple[str, str]]:
    found = []
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            found += _leaves(value, f"{prefix}{key}.")
        else:
            found.append((f"{prefix}{key}", _text(value)))
    return found


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_text, value)) or "none"
    if value is None or value == {}:
        return "none" if value is None else "as above"
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)
