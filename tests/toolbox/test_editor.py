"""The text editor in its four versions: exact messages, all the way round a file's life, confined where it is."""

from pathlib import Path
from typing import Any

import pytest

from sijo.toolbox import Editor
from tests.toolbox.asked import refused, said
from tests.toolbox.test_memory import ESCAPES

TEXT = "one\ntwo\nthree\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text("secret")
    folder = tmp_path / "repo"
    (folder / "src").mkdir(parents=True)
    (folder / "a.txt").write_text(TEXT)
    (folder / "src/b.py").write_bytes(b"x = 1\r\ny = 2")
    return folder


@pytest.mark.parametrize("confined", [True, False])
@pytest.mark.parametrize(
    ("input", "words", "text"),
    [
        ({"command": "view", "path": "a.txt"}, "     1\tone\n     2\ttwo\n     3\tthree", TEXT),
        ({"command": "view", "path": "a.txt", "view_range": [2, 2]}, "     2\ttwo", TEXT),
        ({"command": "view", "path": "a.txt", "view_range": [2, -1]}, "     2\ttwo\n     3\tthree", TEXT),
        ({"command": "view", "path": "."}, "14B\ta.txt\n12B\tsrc/\n12B\tsrc/b.py", TEXT),
        ({"command": "create", "path": "a.txt", "file_text": "new"}, "Successfully wrote {path}.", "new"),
        (
            {"command": "str_replace", "path": "a.txt", "old_str": "two", "new_str": "2 $& \\1"},
            "Successfully replaced text at exactly one location.",
            "one\n2 $& \\1\nthree\n",
        ),
        (
            {"command": "str_replace", "path": "a.txt", "old_str": "two\n"},
            "Successfully replaced text at exactly one location.",
            "one\nthree\n",
        ),
        (
            {"command": "insert", "path": "a.txt", "insert_line": 0, "insert_text": "zero"},
            "Successfully inserted text after line 0.",
            "zero\n" + TEXT,
        ),
        (
            {"command": "insert", "path": "a.txt", "insert_line": 3, "insert_text": "four\nfive\n"},
            "Successfully inserted text after line 3.",
            TEXT + "four\nfive\n",
        ),
    ],
)
def test_what_it_does(folder: Path, confined: bool, input: dict[str, Any], words: str, text: str) -> None:
    editor = Editor(folder) if confined else Editor()
    path = str(folder / input["path"])
    assert said(editor, **{**input, "path": path}) == words.format(path=path)
    assert (folder / "a.txt").read_text() == text
    if confined:
        (folder / "a.txt").write_text(TEXT)
        assert said(editor, **input) == words.format(path=input["path"])


@pytest.mark.parametrize(
    ("input", "words"),
    [
        ({"command": "view", "path": "no.txt"}, "Error: File not found"),
        ({"command": "view", "path": "a.txt/b"}, "Error: File not found"),
        ({"command": "view", "path": "a.txt", "view_range": [4, 5]},
         "Error: Invalid view_range [4, 5]: the file has 3 lines."),
        ({"command": "view", "path": "a.txt", "view_range": [0, 2]},
         "Error: Invalid view_range [0, 2]: the file has 3 lines."),
        ({"command": "view", "path": "a.txt", "view_range": "1-2"},
         "Error: `view_range` must be a list of 2 whole numbers"),
        ({"command": "create", "path": "src", "file_text": "x"}, "Error: Is a directory"),
        ({"command": "create", "path": "a.txt"}, "Error: `file_text` must be a string"),
        ({"command": "str_replace", "path": "no.txt", "old_str": "a", "new_str": "b"}, "Error: File not found"),
        ({"command": "str_replace", "path": "a.txt", "old_str": "four", "new_str": "b"},
         "Error: No match found for replacement. Please check your text and try again."),
        ({"command": "str_replace", "path": "a.txt", "old_str": "", "new_str": "b"},
         "Error: No match found for replacement. Please check your text and try again."),
        ({"command": "str_replace", "path": "a.txt", "old_str": "e", "new_str": "b"},
         "Error: Found 3 matches for replacement text. Please provide more context to make a unique match."),
        ({"command": "insert", "path": "a.txt", "insert_line": 4, "insert_text": "x"},
         "Error: Invalid insert_line 4: the file has 3 lines."),
        ({"command": "insert", "path": "a.txt", "insert_line": 1.5, "insert_text": "x"},
         "Error: `insert_line` must be a whole number"),
        ({"command": "insert", "path": "a.txt", "insert_line": 1}, "Error: `insert_text` must be a string"),
        ({"command": "undo_edit", "path": "a.txt"},
         "Error: Unknown command: undo_edit. There are view, create, str_replace, insert."),
        ({"command": "view"}, "Error: `path` must be a string"),
        ({"command": "create", "path": "b.txt", "file_text": "\ud800"}, "Error: The file is no UTF-8 text"),
    ],
)  # fmt: skip
def test_what_it_refuses(folder: Path, input: dict[str, Any], words: str) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert refused(Editor(folder), **input) == words
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


INSIDE = {".", "", "memories", "memories/a.txt", "a.txt", "~/x", "file:///memories/a.txt"}
"""Of the paths that lead out of a memory those that stay in a folder."""


@pytest.mark.parametrize("path", [path for path in ESCAPES if path not in INSIDE], ids=ascii)
def test_no_path_leads_out_of_the_root(folder: Path, path: str) -> None:
    editor = Editor(folder)
    inputs: list[dict[str, Any]] = [
        {"command": "view", "path": path},
        {"command": "create", "path": path, "file_text": "x"},
        {"command": "str_replace", "path": path, "old_str": "secret", "new_str": "x"},
        {"command": "insert", "path": path, "insert_line": 0, "insert_text": "x"},
    ]
    before = sorted(folder.parent.rglob("*"))
    for input in inputs:
        assert refused(editor, **input) == f"Error: The path {path} is not inside of {folder}"
    assert sorted(folder.parent.rglob("*")) == before
    assert (folder.parent / "secret.txt").read_text() == "secret"


def test_a_folder_whose_name_begins_alike_is_another(folder: Path) -> None:
    (folder.parent / "repository").mkdir()
    assert "is not inside of" in refused(Editor(folder), command="view", path=str(folder.parent / "repository"))
    assert said(Editor(folder), command="view", path=str(folder)).startswith("14B\ta.txt")


def test_links_are_followed_only_without_a_root(folder: Path) -> None:
    (folder / "link").symlink_to(folder.parent / "secret.txt")
    (folder / "up").symlink_to("..")
    assert refused(Editor(folder), command="view", path="link") == "Error: symbolic links are not followed"
    assert refused(Editor(folder), command="create", path="link", file_text="x").startswith("Error: ")
    assert refused(Editor(folder), command="view", path="up/secret.txt") in (
        "Error: symbolic links are not followed",
        "Error: File not found",
    )
    assert said(Editor(), command="view", path=str(folder / "link")) == "     1\tsecret"
    said(Editor(), command="create", path=str(folder / "link"), file_text="told")
    assert (folder.parent / "secret.txt").read_text() == "told"
    assert (folder / "link").is_symlink()


@pytest.mark.parametrize("version", ["text_editor_20241022", "text_editor_20250124"])
def test_the_older_versions_take_edits_back(folder: Path, version: str) -> None:
    editor = Editor(folder, version=version)
    said(editor, command="create", path="new.txt", file_text="1\n")
    said(editor, command="insert", path="new.txt", insert_line=1, new_str="2\n")
    said(editor, command="str_replace", path="new.txt", old_str="1\n", new_str="")
    assert (folder / "new.txt").read_text() == "2\n"
    for text in ("1\n2\n", "1\n", None):
        words = said(editor, command="undo_edit", path="new.txt")
        assert words == "Successfully undid the last edit of new.txt."
        assert ((folder / "new.txt").read_text() if (folder / "new.txt").exists() else None) == text
    assert refused(editor, command="undo_edit", path="new.txt") == "Error: There is no edit of new.txt to undo."


def test_ends_of_lines_and_modes_stay(folder: Path) -> None:
    (folder / "src/b.py").chmod(0o755)
    said(Editor(folder), command="insert", path="src/b.py", insert_line=2, insert_text="z = 3")
    assert (folder / "src/b.py").read_bytes() == b"x = 1\r\ny = 2\nz = 3"
    assert (folder / "src/b.py").stat().st_mode & 0o777 == 0o755


def test_a_view_has_its_bounds(folder: Path) -> None:
    editor = Editor(folder, max_characters=15)
    assert said(editor, command="view", path="a.txt") == (
        "     1\tone\n    \n[19 more characters: view them with view_range]"
    )


@pytest.mark.parametrize(
    ("version", "name"),
    [
        ("text_editor_20241022", "str_replace_editor"),
        ("text_editor_20250124", "str_replace_editor"),
        ("text_editor_20250429", "str_replace_based_edit_tool"),
        ("text_editor_20250728", "str_replace_based_edit_tool"),
    ],
)
def test_its_entry_is_the_apis(version: str, name: str) -> None:
    bounded = {"max_characters": 9} if version == "text_editor_20250728" else {}
    assert Editor(version=version).to_dict() == {"type": version, "name": name}
    assert Editor(version=version, max_characters=9).to_dict() == {"type": version, "name": name, **bounded}


def test_a_version_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="no such version: text_editor_1"):
        Editor(version="text_editor_1")
