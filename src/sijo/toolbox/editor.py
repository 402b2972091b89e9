"""The text editor tool, in all four versions: over the whole file system, or confined to a folder."""

import errno
import os
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from typing import Any

from sijo.toolbox.lines import cut, found, human, inserted, lines_of, numbered, ranged
from sijo.toolbox.rooted import Parts, Refused, Root
from sijo.toolbox.runnable import Given, Runnable, ToolError

NAMES = {
    "text_editor_20241022": "str_replace_editor",
    "text_editor_20250124": "str_replace_editor",
    "text_editor_20250429": "str_replace_based_edit_tool",
    "text_editor_20250728": "str_replace_based_edit_tool",
}
UNDOES = ("text_editor_20241022", "text_editor_20250124")
"""The versions that can take edits back; they also call the text of an insertion `new_str`."""
LARGEST = 64 << 20
"""Bytes of a file that is read or written at all."""
REMEMBERED = 20
"""Edits of a file that can be taken back."""


class Editor(Runnable):
    """Views and edits text files: those below `root`, or all that this process may.

    `max_characters` bounds what a view shows, and is told to the model where the version has the field. Relative paths
    are taken from `root`, or from the working directory. Below a root no symlink is followed.
    """

    def __init__(
        self,
        root: str | os.PathLike[str] | None = None,
        *,
        version: str = "text_editor_20250728",
        max_characters: int | None = None,
        cache_control: Mapping[str, Any] | None = None,
    ) -> None:
        if version not in NAMES:
            raise ValueError(f"no such version: {version}; there are {', '.join(NAMES)}")
        self.version = version
        self.max_characters = max_characters
        self.confined = root is not None
        self.root = Root(root if root is not None else "/")
        self.entry: dict[str, Any] = {"type": version, "name": NAMES[version]}
        if max_characters is not None and version == "text_editor_20250728":
            self.entry["max_characters"] = max_characters
        if cache_control is not None:
            self.entry["cache_control"] = dict(cache_control)
        self._before: defaultdict[Parts, deque[bytes | None]] = defaultdict(lambda: deque(maxlen=REMEMBERED))

    def run(self, given: Given) -> str:
        command = given.text("command")
        known = [name for name in COMMANDS if name != "undo_edit" or self.version in UNDOES]
        if command not in known:
            raise ToolError(f"Error: Unknown command: {command}. There are {', '.join(known)}.")
        path = given.text("path")
        try:
            return COMMANDS[command](self, given, path, self._parts(path))
        except Refused as error:
            raise ToolError(f"Error: The path {error} is not inside of {self.root.folder}") from error
        except (FileNotFoundError, NotADirectoryError) as error:
            raise ToolError("Error: File not found") from error
        except PermissionError as error:
            raise ToolError("Error: Permission denied. Cannot read or write the file.") from error
        except UnicodeError as error:
            raise ToolError("Error: The file is no UTF-8 text") from error
        except OSError as error:
            why = "symbolic links are not followed" if error.errno == errno.ELOOP else error.strerror or str(error)
            raise ToolError(f"Error: {why}") from error

    def view(self, given: Given, path: str, parts: Parts) -> str:
        """A file with line numbers, all of it or some lines; of a folder what is in it, two levels down."""
        if self.root.kind(parts) == "folder":
            entries = self.root.listed(parts, 2)
            shown = "\n".join(f"{human(one.size)}\t{one.path}{'/' * one.folder}" for one in entries)
            return self._bounded(shown or "(an empty directory)")
        lines = lines_of(self._text(parts))
        window: tuple[int, int] | None = (1, len(lines))
        if given.has("view_range"):
            asked = given.numbers("view_range", 2)
            window = ranged(len(lines), asked)
            if window is None:
                raise ToolError(f"Error: Invalid view_range {asked}: the file has {len(lines)} lines.")
        assert window is not None
        return self._bounded(numbered(lines[window[0] - 1 : window[1]], window[0]))

    def create(self, given: Given, path: str, parts: Parts) -> str:
        """A file with this text, in the place of one that is there."""
        before = self.root.read(parts, most=LARGEST) if self.root.kind(parts) == "file" else None
        self._write(parts, given.text("file_text"), before)
        return f"File created successfully at: {path}" if before is None else f"Successfully wrote {path}."

    def str_replace(self, given: Given, path: str, parts: Parts) -> str:
        old, new = given.text("old_str"), given.text("new_str", "")
        text = self._text(parts)
        count = len(found(text, old)) if old else 0
        if count == 0:
            raise ToolError("Error: No match found for replacement. Please check your text and try again.")
        if count > 1:
            raise ToolError(
                f"Error: Found {count} matches for replacement text. "
                "Please provide more context to make a unique match."
            )
        self._write(parts, text.replace(old, new), text.encode())
        return "Successfully replaced text at exactly one location."

    def insert(self, given: Given, path: str, parts: Parts) -> str:
        """Lines after a line; 0 is before the first."""
        after, part = given.whole("insert_line"), given.text("new_str" if self.version in UNDOES else "insert_text")
        text = self._text(parts)
        count = len(lines_of(text))
        if not 0 <= after <= count:
            raise ToolError(f"Error: Invalid insert_line {after}: the file has {count} lines.")
        self._write(parts, inserted(text, after, part), text.encode())
        return f"Successfully inserted text after line {after}."

    def undo_edit(self, given: Given, path: str, parts: Parts) -> str:
        """The file as it was before the last edit made here."""
        history = self._before.get(parts)
        if not history:
            raise ToolError(f"Error: There is no edit of {path} to undo.")
        before = history.pop()
        if before is None:
            self.root.delete(parts)
        else:
            self.root.write(parts, before)
        return f"Successfully undid the last edit of {path}."

    def _parts(self, path: str) -> Parts:
        if self.confined:
            return self.root.parts(path)
        if "\0" in path:
            raise Refused(path)
        return tuple(part for part in os.path.realpath(path).split("/") if part)

    def _text(self, parts: Parts) -> str:
        return self.root.read(parts, most=LARGEST).decode()

    def _write(self, parts: Parts, text: str, before: bytes | None) -> None:
        data = text.encode()
        if len(data) > LARGEST:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
        self.root.write(parts, data)
        if self.version in UNDOES:
            self._before[parts].append(before)

    def _bounded(self, text: str) -> str:
        return text if self.max_characters is None else cut(text, self.max_characters)


COMMANDS: Mapping[str, Callable[[Editor, Given, str, Parts], str]] = {
    "view": Editor.view,
    "create": Editor.create,
    "str_replace": Editor.str_replace,
    "insert": Editor.insert,
    "undo_edit": Editor.undo_edit,
}
