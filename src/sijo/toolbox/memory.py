"""The memory tool on a folder: what the model calls /memories. Results are the API's own sentences."""

import errno
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sijo.toolbox.lines import around, cut, found, human, inserted, lines_of, numbered, ranged
from sijo.toolbox.rooted import Parts, Refused, Root, safe
from sijo.toolbox.runnable import Given, Runnable, ToolError

HOME = "/memories"
SHOWN = 16_000
"""Characters of a file that a view shows."""
MOST_LINES = 999_999
LARGEST = 16 << 20
"""Bytes of a file that is read or written at all."""
MISSING = "The path {path} does not exist"
MISSING_FILE = MISSING + ". Please provide a valid path."


class Memory(Runnable):
    """Keeps the model's notes in `folder`, which is made if need be. Nothing outside of it is read or written."""

    def __init__(self, folder: str | os.PathLike[str], *, cache_control: Mapping[str, Any] | None = None) -> None:
        Path(folder).mkdir(parents=True, exist_ok=True, mode=0o700)
        self.root = Root(folder, private=True)
        self.entry = {"type": "memory_20250818", "name": "memory"}
        if cache_control is not None:
            self.entry["cache_control"] = dict(cache_control)

    def run(self, given: Given) -> str:
        command = given.text("command")
        if command not in COMMANDS:
            raise ToolError(f"Error: Unknown command: {command}. There are {', '.join(COMMANDS)}.")
        try:
            return COMMANDS[command](self, given)
        except Refused as error:
            raise ToolError(f"Error: The path {error} is not inside of {HOME}") from error
        except UnicodeError as error:
            raise ToolError("Error: The file is no UTF-8 text") from error
        except OSError as error:
            raise ToolError(f"Error: {_why(error)}") from error

    def view(self, given: Given) -> str:
        """A folder two levels down, or a file with line numbers."""
        path = given.text("path")
        parts = self._parts(path)
        kind = self.root.kind(parts)
        if kind == "folder":
            return self._folder(path, parts)
        if kind != "file":
            raise ToolError(MISSING_FILE.format(path=path))
        lines = lines_of(self._text(parts))
        if len(lines) > MOST_LINES:
            raise ToolError(f"File {path} exceeds maximum line limit of 999,999 lines.")
        first, last = 1, len(lines)
        if given.has("view_range"):
            asked = given.numbers("view_range", 2)
            window = ranged(len(lines), asked)
            if window is None:
                raise ToolError(f"Error: Invalid `view_range` parameter: {asked}. The file has {len(lines)} lines.")
            first, last = window
        shown = numbered(lines[first - 1 : last], first)
        return cut(f"Here's the content of {path} with line numbers:\n{shown}", SHOWN)

    def create(self, given: Given) -> str:
        path, parts = self._inside(given, "path")
        try:
            self._write(parts, given.text("file_text"), new=True)
        except FileExistsError as error:
            raise ToolError(f"Error: File {path} already exists") from error
        return f"File created successfully at: {path}"

    def str_replace(self, given: Given) -> str:
        path, parts = self._file(given, MISSING_FILE)
        old, new = given.text("old_str"), given.text("new_str", "")
        text = self._text(parts)
        places = found(text, old) if old else []
        if not places:
            raise ToolError(f"No replacement was performed, old_str `{old}` did not appear verbatim in {path}.")
        if len(places) > 1:
            where = ", ".join(map(str, dict.fromkeys(places)))
            raise ToolError(
                f"No replacement was performed. Multiple occurrences of old_str `{old}` in lines: {where}. "
                "Please ensure it is unique"
            )
        text = text.replace(old, new)
        self._write(parts, text)
        return f"The memory file has been edited.\n{around(text, places[0], new.count(chr(10)) + 1)}"

    def insert(self, given: Given) -> str:
        path, parts = self._file(given, MISSING)
        text, after = self._text(parts), given.whole("insert_line")
        count = len(lines_of(text))
        if not 0 <= after <= count:
            raise ToolError(
                f"Error: Invalid `insert_line` parameter: {after}. It should be within the range of lines of the file: "
                f"[0, {count}]"
            )
        self._write(parts, inserted(text, after, given.text("insert_text")))
        return f"The file {path} has been edited."

    def delete(self, given: Given) -> str:
        path, parts = self._inside(given, "path")
        try:
            self.root.delete(parts)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise ToolError(f"Error: {MISSING.format(path=path)}") from error
        return f"Successfully deleted {path}"

    def rename(self, given: Given) -> str:
        (old, here), (new, there) = self._inside(given, "old_path"), self._inside(given, "new_path")
        if there[: len(here)] == here and there != here:
            raise ToolError(f"Error: The destination {new} is inside of {old}")
        try:
            if not self.root.kind(here):
                raise FileNotFoundError
            self.root.rename(here, there)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise ToolError(f"Error: {MISSING.format(path=old)}") from error
        except FileExistsError as error:
            raise ToolError(f"Error: The destination {new} already exists") from error
        return f"Successfully renamed {old} to {new}"

    def _folder(self, path: str, parts: Parts) -> str:
        home, entries = path.rstrip("/"), self.root.listed(parts, 2)
        rows = [(sum(one.size for one in entries if not one.folder), home)]
        rows += [(one.size, f"{home}/{one.path}") for one in entries]
        head = (
            f"Here're the files and directories up to 2 levels deep in {path}, excluding hidden items and node_modules:"
        )
        return "\n".join([head, *(f"{human(size)}\t{name}" for size, name in rows)])

    def _parts(self, path: str) -> Parts:
        """The steps below /memories. Raises Refused."""
        safe(path)
        steps = [part for part in path.split("/") if part not in ("", ".")]
        if not path.startswith("/") or steps[:1] != [HOME[1:]]:
            raise Refused(path)
        return tuple(steps[1:])

    def _inside(self, given: Given, field: str) -> tuple[str, Parts]:
        """A path that is not /memories itself."""
        path = given.text(field)
        parts = self._parts(path)
        if not parts:
            raise ToolError(f"Error: {HOME} itself cannot be changed")
        return path, parts

    def _file(self, given: Given, missing: str) -> tuple[str, Parts]:
        path, parts = self._inside(given, "path")
        if self.root.kind(parts) != "file":
            raise ToolError(f"Error: {missing.format(path=path)}")
        return path, parts

    def _text(self, parts: Parts) -> str:
        return self.root.read(parts, most=LARGEST).decode()

    def _write(self, parts: Parts, text: str, *, new: bool = False) -> None:
        data = text.encode()
        if len(data) > LARGEST:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
        self.root.write(parts, data, new=new)


def _why(error: OSError) -> str:
    return "symbolic links are not followed" if error.errno == errno.ELOOP else str(error.strerror or error)


COMMANDS: Mapping[str, Callable[[Memory, Given], str]] = {
    "view": Memory.view,
    "create": Memory.create,
    "str_replace": Memory.str_replace,
    "insert": Memory.insert,
    "delete": Memory.delete,
    "rename": Memory.rename,
}
