"""JSON Schemas of the files of city data, for editors and for other systems."""

from pydantic import BaseModel, JsonValue

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(model: type[BaseModel]) -> dict[str, JsonValue]:
    """A file's JSON Schema. Unknown fields are wrong in it, even those that an event would ignore."""
    schema: dict[str, JsonValue] = {"$schema": DIALECT, **model.model_json_schema(by_alias=True)}
    _close(schema)
    return schema


def _close(schema: JsonValue) -> None:
    match schema:
        case dict():
            if schema.get("type") == "object" and "properties" in schema:
                schema["additionalProperties"] = False
            for below in schema.values():
                _close(below)
        case list():
            for below in schema:
                _close(below)
