"""The part of JSON Schema that `decodemeter info --schema` uses. Returns faults as text."""

import math

TYPES = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": lambda value: is_number(value),
    "integer": lambda value: is_number(value) and float(value).is_integer(),
}
KNOWN = {
    *("type", "const", "enum", "minimum", "items", "minItems", "maxItems", "properties"),
    *("required", "additionalProperties", "description", "title", "$schema"),
}


def is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def types_of(schema):
    types = schema.get("type", [])
    return [types] if isinstance(types, str) else types


def faults(schema, value, place="record"):
    """All faults of `value`; a keyword that is not known here is an error of the schema's reader."""
    unknown = set(schema) - KNOWN
    if unknown:
        raise NotImplementedError(f"{place}: the schema uses {sorted(unknown)}")
    types = types_of(schema)
    if types and not any(TYPES[name](value) for name in types):
        return [f"{place}: {value!r} is not of type {'/'.join(types)}"]
    found = []
    if "const" in schema and value != schema["const"]:
        found.append(f"{place}: {value!r} is not {schema['const']!r}")
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{place}: {value!r} is none of {schema['enum']}")
    if "minimum" in schema and is_number(value) and value < schema["minimum"]:
        found.append(f"{place}: {value!r} is below {schema['minimum']}")
    if isinstance(value, list):
        found += faults_of_list(schema, value, place)
    if isinstance(value, dict):
        found += faults_of_object(schema, value, place)
    return found


def faults_of_list(schema, value, place):
    found = []
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        found.append(f"{place}: {len(value)} items")
    for number, item in enumerate(value):
        found += faults(schema.get("items", {}), item, f"{place}[{number}]")
    return found


def faults_of_object(schema, value, place):
    properties = schema.get("properties", {})
    found = [f"{place}: {key} is missing" for key in schema.get("required", []) if key not in value]
    for key, item in value.items():
        if key in properties:
            found += faults(properties[key], item, f"{place}.{key}")
        elif schema.get("additionalProperties", True) is False:
            found.append(f"{place}: {key} is not in the schema")
    return found
