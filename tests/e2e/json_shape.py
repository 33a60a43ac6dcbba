"""JSON held against a schema: the few words of JSON Schema that the schemas beside need (type, enum, pattern, required, properties, items,
minimum); a property that a schema does not list is an error, as `additionalProperties: false` has it."""
import re

TYPES = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool}


def faults(value, schema, at="$"):
    """What is wrong with the value, each with its place; empty where nothing is."""
    found = []
    if not isinstance(value, TYPES[schema["type"]]) or (isinstance(value, bool) and schema["type"] in ("integer", "number")):
        return [f"{at}: no {schema['type']}"]
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{at}: {value!r}")
    if "pattern" in schema and not re.search(schema["pattern"], value):
        found.append(f"{at}: {value!r}")
    if "minimum" in schema and value < schema["minimum"]:
        found.append(f"{at}: {value!r}")
    if schema["type"] == "array":
        for i, item in enumerate(value):
            found += faults(item, schema["items"], f"{at}[{i}]")
    if schema["type"] == "object" and "properties" in schema:
        found += [f"{at}: lacks {name}" for name in schema.get("required", []) if name not in value]
        for name, member in value.items():
            found += faults(member, schema["properties"][name], f"{at}.{name}") if name in schema["properties"] else [f"{at}: {name} is unknown"]
    return found


def _object(required, **properties):
    return {"type": "object", "required": required, "properties": properties}


def _array(items):
    return {"type": "array", "items": items}


STRING, INTEGER, BOOLEAN, BAG = ({"type": name} for name in ("string", "integer", "boolean", "object"))
NATURAL = {"type": "integer", "minimum": 0}
MESSAGE = _object(["text"], text=STRING)
LEVEL = {"type": "string", "enum": ["none", "note", "warning", "error"]}

# What warrant writes of sarif-schema-2.1.0.json (docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas): its types, its required members, its
# enumerations. A URI reference: RFC 3986, without characters that have to be escaped.
SARIF = _object(["version", "runs"], version={"type": "string", "enum": ["2.1.0"]}, **{"$schema": {"type": "string", "pattern": "^https://"}}, runs=_array(_object(
    ["tool"],
    tool=_object(["driver"], driver=_object(["name"], name=STRING, version=STRING, rules=_array(_object(
        ["id"], id=STRING, shortDescription=MESSAGE, help=MESSAGE, defaultConfiguration=_object([], level=LEVEL), properties=BAG)))),
    invocations=_array(_object(["executionSuccessful"], executionSuccessful=BOOLEAN, exitCode=INTEGER,
        toolExecutionNotifications=_array(_object(["message"], level=LEVEL, message=MESSAGE)))),
    results=_array(_object(
        ["message"], ruleId=STRING, ruleIndex={"type": "integer", "minimum": -1}, level=LEVEL, message=MESSAGE, properties=BAG, locations=_array(_object(
            [], physicalLocation=_object([], artifactLocation=_object([], uri={"type": "string", "pattern": r"^[A-Za-z0-9._~/%-]*$|^file:///[A-Za-z0-9._~/%-]*$"})),
            logicalLocations=_array(_object([], name=STRING, kind=STRING)))))),
    properties=BAG)))

# Of the document "Trace Event Format", JSON Object Format: the members of every event, and those of its phase.
_EVENT = {"name": STRING, "cat": STRING, "pid": NATURAL, "tid": NATURAL, "ts": {"type": "number", "minimum": 0}, "args": BAG}
CHROME_TRACE = _object(["traceEvents"], displayTimeUnit={"type": "string", "enum": ["ms", "ns"]}, traceEvents=_array(BAG))
CHROME_EVENTS = {
    "X": _object(["name", "cat", "ph", "pid", "tid", "ts", "dur"], ph=STRING, dur={"type": "number", "minimum": 0}, **_EVENT),
    "i": _object(["name", "cat", "ph", "pid", "tid", "ts", "s"], ph=STRING, s={"type": "string", "enum": ["g", "p", "t"]}, **_EVENT),
    "M": _object(["name", "ph", "pid", "args"], ph=STRING, name={"type": "string", "enum": ["process_name", "thread_name"]}, pid=NATURAL, args=BAG),
}

# speedscope's file-format-schema.json, of which an evented profile and frames by name are written.
SPEEDSCOPE = _object(
    ["$schema", "shared", "profiles"], exporter=STRING, name=STRING, activeProfileIndex=NATURAL,
    shared=_object(["frames"], frames=_array(_object(["name"], name=STRING, file=STRING, line=INTEGER, col=INTEGER))),
    profiles=_array(_object(
        ["type", "name", "unit", "startValue", "endValue", "events"], type={"type": "string", "enum": ["evented"]}, name=STRING,
        unit={"type": "string", "enum": ["none", "nanoseconds", "microseconds", "milliseconds", "seconds", "bytes"]}, startValue=NATURAL, endValue=NATURAL,
        events=_array(_object(["type", "at", "frame"], type={"type": "string", "enum": ["O", "C"]}, at=NATURAL, frame=NATURAL)))),
    **{"$schema": {"type": "string", "enum": ["https://www.speedscope.app/file-format-schema.json"]}})
