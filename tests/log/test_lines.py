"""The program's own log: JSON, at its level, without the words of exceptions."""

import logging
import subprocess
import sys

import msgspec

from sijo.log.lines import Lines
from tests.log.calls import SECRET, lines_of


def record(error: BaseException | None = None, level: int = logging.ERROR) -> logging.LogRecord:
    info = None if error is None else (type(error), error, error.__traceback__)
    return logging.LogRecord("sijo.http", level, "x.py", 1, "request %s\n failed", ("req_1",), info)


def raised() -> BaseException:
    try:
        try:
            raise KeyError(SECRET)
        except KeyError as error:
            raise ExceptionGroup("both", [ValueError(SECRET)]) from error
    except ExceptionGroup as error:
        return error


def test_a_record_is_one_line_that_names_the_fault_and_not_its_words() -> None:
    text = Lines().format(record(raised()))
    line = msgspec.json.decode(text)
    assert (line["level"], line["logger"], line["message"]) == ("error", "sijo.http", "request req_1\n failed")
    assert [fault["type"] for fault in line["faults"]] == ["ExceptionGroup", "ValueError", "KeyError"]
    assert line["faults"][0]["at"][-1].endswith(" raised") and "test_lines.py:" in line["faults"][0]["at"][-1]
    assert "\n" not in text and SECRET not in text
    assert SECRET in Lines(texts=True).format(record(raised()))
    assert "faults" not in msgspec.json.decode(Lines().format(record()))


def test_setup_sends_everything_as_json_to_stderr_at_its_level() -> None:
    script = (
        "import logging\nfrom sijo.log import setup\nsetup('debug'); setup('info')\n"
        "for name in ('sijo.http', 'uvicorn.error', 'uvicorn.access', 'asyncio'):\n"
        "    for level in (10, 20, 30): logging.getLogger(name).log(level, 'heard')"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    heard = [(line["logger"], line["level"]) for line in lines_of(ran.stderr)]
    assert heard == [("sijo.http", "info"), *((n, "warning") for n in ("sijo.http", "uvicorn.error", "asyncio"))]
    ran = subprocess.run(
        [sys.executable, "-c", "import sijo.log; sijo.log.setup('loud')"], capture_output=True, check=False
    )
    assert b"log.level 'loud': must be one of debug" in ran.stderr
