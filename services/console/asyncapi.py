"""docs/asyncapi.json: the topics as AsyncAPI 3.0, from the tables of services.contracts."""

from typing import Any

from pydantic import BaseModel

from services.contracts import commands, events, topics
from services.contracts.topics import Topic

REFERENCE = "#/components/schemas/{model}"
HEADERS = ("ce_id", "ce_source", "ce_type", "ce_time", "ce_specversion", "ce_subject", "ce_dataschema",
           "correlationid", "causationid", "source", "shard", "number")  # fmt: skip


def document() -> dict[str, Any]:
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Suban 速办",
            "version": "1",
            "description": "Topics and events; see docs/events.md.",
        },
        "defaultContentType": "application/json",
        "channels": {_id(row): _channel(row) for row in topics.TOPICS},
        "operations": {
            f"{verb}_{_id(row)}": _operation(verb, row)
            for row in topics.TOPICS
            for verb in ("send", "receive")
        },
        "components": {"messages": _messages(), "schemas": _schemas()},
    }


def _id(row: Topic) -> str:
    return row.name.removeprefix("suban.").replace(".{department}", "").removesuffix(".v1")


def _names(row: Topic) -> list[str]:
    if row.name == topics.COMMANDS:
        return ["command"]
    return [event.TYPE for event in events.EVENTS.values() if row.name == event.TOPIC]


def _channel(row: Topic) -> dict[str, Any]:
    found: dict[str, Any] = {
        "address": row.name,
        "description": f"{row.writer} → {row.readers}; {row.partitions.value} partition(s); {row.why}",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in _names(row)},
    }
    if row.per_department:
        found["parameters"] = {"department": {"description": "slug of the department"}}
    return found


def _operation(verb: str, row: Topic) -> dict[str, Any]:
    who = row.writer if verb == "send" else row.readers
    return {"action": verb, "channel": {"$ref": f"#/channels/{_id(row)}"}, "summary": f"by {who}"}


def _messages() -> dict[str, Any]:
    headers = {"type": "object", "properties": {name: {"type": "string"} for name in HEADERS}}
    found: dict[str, Any] = {
        name: {"name": name, "headers": headers, "payload": {"$ref": f"#/components/schemas/{kind.__name__}"}}
        for name, kind in events.EVENTS.items()
    }
    found["command"] = {"name": "command", "payload": {"$ref": "#/components/schemas/Command"}}
    return found


def _schemas() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for kind in events.EVENTS.values():
        found[kind.__name__] = _schema(kind, found)
    union = commands.COMMAND.json_schema(ref_template=REFERENCE)
    found.update(union.pop("$defs", {}))
    found["Command"] = union
    return found


def _schema(kind: type[BaseModel], found: dict[str, Any]) -> dict[str, Any]:
    schema = kind.model_json_schema(ref_template=REFERENCE)
    found.update(schema.pop("$defs", {}))
    return schema
