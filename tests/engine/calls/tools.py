"""The tools of these tests, and good calls of them."""

from typing import Any

from sijo.wire.tools import Custom

Json = dict[str, Any]


def tool(name: str, required: list[str], /, **properties: Json) -> Custom:
    schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    return Custom(name=name, description=f"{name}.", input_schema=schema)


TEXT, WHOLE, TRUTH = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}
TOOLS = [
    tool("weather", ["city"], city=TEXT, days=WHOLE, unit={"type": "string", "enum": ["celsius", "fahrenheit"]}),
    tool("read_file", ["file_path"], file_path=TEXT, offset=WHOLE, limit=WHOLE),
    tool("write_file", ["file_path", "content"], file_path=TEXT, content=TEXT),
    tool("bash", ["command"], command=TEXT, timeout=WHOLE, run_in_background=TRUTH),
    tool("web_search", ["query"], query=TEXT, max_results=WHOLE, domains={"type": "array", "items": TEXT}),
    tool("set_light", ["room", "on"], room=TEXT, on=TRUTH, level={"type": "number"}),
    tool(
        "create_event",
        ["event"],
        event={
            "type": "object",
            "properties": {"title": TEXT, "guests": {"type": "array", "items": TEXT}, "minutes": WHOLE},
            "required": ["title"],
            "additionalProperties": False,
        },
    ),
]
BY_NAME = {one.name: one for one in TOOLS}
CALLS: list[tuple[str, Json]] = [
    ("weather", {"city": "Paris"}),
    ("weather", {"city": "São Paulo", "days": 3}),
    ("weather", {"city": "서울", "days": 5, "unit": "celsius"}),
    ("weather", {"unit": "fahrenheit", "city": "New York, NY"}),
    ("read_file", {"file_path": "/etc/hosts"}),
    ("read_file", {"offset": 10, "limit": 200, "file_path": "src/a b.py"}),
    ("write_file", {"file_path": "a.txt", "content": "one\ntwo\n"}),
    ("write_file", {"file_path": "go/main.go", "content": 'package main\n\nfunc main() {\n\tprintln("hi")\n}\n'}),
    ("write_file", {"file_path": "empty", "content": ""}),
    ("write_file", {"file_path": "n", "content": "\n\n"}),
    ("bash", {"command": "ls -la"}),
    ("bash", {"command": "grep -c 'x' a.txt && echo done", "timeout": 5000}),
    ("bash", {"run_in_background": True, "command": "make test"}),
    ("bash", {"command": "for f in *.py; do\n  wc -l $f\ndone", "run_in_background": False}),
    ("web_search", {"query": "red pandas"}),
    ("web_search", {"max_results": 3, "query": "how do {braces} [work]", "domains": ["example.org"]}),
    ("set_light", {"room": "kitchen", "on": True}),
    ("set_light", {"on": False, "level": 0.5, "room": "bath"}),
    ("create_event", {"event": {"title": "Lunch", "guests": ["Ann"]}}),
    ("create_event", {"event": {"minutes": 30, "title": "Stand-up: plan, review", "guests": ["Bo", "Cy"]}}),
]
