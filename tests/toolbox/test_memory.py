"""The memory tool: the API's own sentences, and nothing outside of its folder."""

import itertools
import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from sijo.toolbox import Memory
from sijo.toolbox.rooted import Root
from tests.toolbox.asked import refused, said

MISSING = "does not exist"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A memory with files in it, and something beside it that is none of its business."""
    (tmp_path / "secret.txt").write_text("secret")
    folder = tmp_path / "memories"
    folder.mkdir()
    (folder / "a.txt").write_text("one\ntwo\nthree\n")
    (folder / "deep/er/est").mkdir(parents=True)
    (folder / "deep/b.md").write_text("b" * 1536)
    (folder / "deep/er/c.md").write_text("c")
    (folder / ".hidden").write_text("x")
    (folder / "node_modules").mkdir()
    return folder


@pytest.fixture
def memory(folder: Path) -> Memory:
    return Memory(folder)


DOES: list[tuple[dict[str, Any], str, dict[str, str | None]]] = [
    (
        {"command": "view", "path": "/memories"},
        "Here're the files and directories up to 2 levels deep in /memories, excluding hidden items and node_modules:\n"
        "1.5K\t/memories\n14B\t/memories/a.txt\n1.5K\t/memories/deep\n1.5K\t/memories/deep/b.md\n0B\t/memories/deep/er",
        {},
    ),
    (
        {"command": "view", "path": "/memories/deep/er/"},
        "Here're the files and directories up to 2 levels deep in /memories/deep/er/, excluding hidden items and "
        "node_modules:\n1B\t/memories/deep/er\n1B\t/memories/deep/er/c.md\n0B\t/memories/deep/er/est",
        {},
    ),
    (
        {"command": "view", "path": "/memories/a.txt"},
        "Here's the content of /memories/a.txt with line numbers:\n     1\tone\n     2\ttwo\n     3\tthree",
        {},
    ),
    (
        {"command": "view", "path": "/memories/a.txt", "view_range": [2, -1]},
        "Here's the content of /memories/a.txt with line numbers:\n     2\ttwo\n     3\tthree",
        {},
    ),
    (
        {"command": "view", "path": "/memories//./a.txt", "view_range": [1, 99]},
        "Here's the content of /memories//./a.txt with line numbers:\n     1\tone\n     2\ttwo\n     3\tthree",
        {},
    ),
    (
        {"command": "create", "path": "/memories/x/y/new.txt", "file_text": "né\r\nw"},
        "File created successfully at: /memories/x/y/new.txt",
        {"x/y/new.txt": "né\r\nw"},
    ),
    (
        {"command": "str_replace", "path": "/memories/a.txt", "old_str": "two\n", "new_str": "2\n2\n"},
        "The memory file has been edited.\n     1\tone\n     2\t2\n     3\t2\n     4\tthree",
        {"a.txt": "one\n2\n2\nthree\n"},
    ),
    (
        {"command": "str_replace", "path": "/memories/a.txt", "old_str": "two\n"},
        "The memory file has been edited.\n     1\tone\n     2\tthree",
        {"a.txt": "one\nthree\n"},
    ),
    (
        {"command": "insert", "path": "/memories/a.txt", "insert_line": 0, "insert_text": "zero"},
        "The file /memories/a.txt has been edited.",
        {"a.txt": "zero\none\ntwo\nthree\n"},
    ),
    (
        {"command": "insert", "path": "/memories/a.txt", "insert_line": 3, "insert_text": "four\n"},
        "The file /memories/a.txt has been edited.",
        {"a.txt": "one\ntwo\nthree\nfour\n"},
    ),
    ({"command": "delete", "path": "/memories/a.txt"}, "Successfully deleted /memories/a.txt", {"a.txt": None}),
    (
        {"command": "delete", "path": "/memories/deep"},
        "Successfully deleted /memories/deep",
        {"deep": None, "deep/er/c.md": None},
    ),
    (
        {"command": "rename", "old_path": "/memories/a.txt", "new_path": "/memories/z/a.txt"},
        "Successfully renamed /memories/a.txt to /memories/z/a.txt",
        {"a.txt": None, "z/a.txt": "one\ntwo\nthree\n"},
    ),
    (
        {"command": "rename", "old_path": "/memories/deep", "new_path": "/memories/shallow"},
        "Successfully renamed /memories/deep to /memories/shallow",
        {"deep": None, "shallow/er/c.md": "c"},
    ),
]


@pytest.mark.parametrize(("input", "words", "files"), DOES)
def test_what_it_does(memory: Memory, folder: Path, input: dict[str, Any], words: str, files: dict[str, Any]) -> None:
    assert said(memory, **input) == words
    for name, text in files.items():
        path = folder / name
        assert (path.read_bytes().decode() if path.exists() else None) == text
    assert [path for path in folder.rglob("*") if path.suffix == ".tmp"] == []


@pytest.mark.parametrize(
    ("input", "words"),
    [
        ({"command": "view", "path": "/memories/no"},
         "The path /memories/no does not exist. Please provide a valid path."),
        ({"command": "view", "path": "/memories/a.txt/b"},
         "The path /memories/a.txt/b does not exist. Please provide a valid path."),
        ({"command": "view", "path": "/memories/a.txt", "view_range": [9, 12]},
         "Error: Invalid `view_range` parameter: [9, 12]. The file has 3 lines."),
        ({"command": "create", "path": "/memories/a.txt", "file_text": "x"},
         "Error: File /memories/a.txt already exists"),
        ({"command": "create", "path": "/memories/deep", "file_text": "x"},
         "Error: File /memories/deep already exists"),
        ({"command": "create", "path": "/memories", "file_text": "x"}, "Error: /memories itself cannot be changed"),
        ({"command": "create", "path": "/memories/a.txt/b", "file_text": "x"}, "Error: Not a directory"),
        ({"command": "create", "path": "/memories/" + "x" * 300, "file_text": "x"}, "Error: File name too long"),
        ({"command": "create", "path": "/memories/n"}, "Error: `file_text` must be a string"),
        ({"command": "str_replace", "path": "/memories/no", "old_str": "a", "new_str": "b"},
         "Error: The path /memories/no does not exist. Please provide a valid path."),
        ({"command": "str_replace", "path": "/memories/deep", "old_str": "a", "new_str": "b"},
         "Error: The path /memories/deep does not exist. Please provide a valid path."),
        ({"command": "str_replace", "path": "/memories/a.txt", "old_str": "four", "new_str": "b"},
         "No replacement was performed, old_str `four` did not appear verbatim in /memories/a.txt."),
        ({"command": "str_replace", "path": "/memories/a.txt", "old_str": "", "new_str": "b"},
         "No replacement was performed, old_str `` did not appear verbatim in /memories/a.txt."),
        ({"command": "str_replace", "path": "/memories/a.txt", "old_str": "e", "new_str": "b"},
         "No replacement was performed. Multiple occurrences of old_str `e` in lines: 1, 3. Please ensure it is "
         "unique"),
        ({"command": "insert", "path": "/memories/no", "insert_line": 0, "insert_text": "x"},
         "Error: The path /memories/no does not exist"),
        ({"command": "insert", "path": "/memories/a.txt", "insert_line": 4, "insert_text": "x"},
         "Error: Invalid `insert_line` parameter: 4. It should be within the range of lines of the file: [0, 3]"),
        ({"command": "insert", "path": "/memories/a.txt", "insert_line": -1, "insert_text": "x"},
         "Error: Invalid `insert_line` parameter: -1. It should be within the range of lines of the file: [0, 3]"),
        ({"command": "delete", "path": "/memories/no"}, "Error: The path /memories/no does not exist"),
        ({"command": "delete", "path": "/memories"}, "Error: /memories itself cannot be changed"),
        ({"command": "delete", "path": "/memories/./"}, "Error: /memories itself cannot be changed"),
        ({"command": "rename", "old_path": "/memories/no", "new_path": "/memories/b"},
         "Error: The path /memories/no does not exist"),
        ({"command": "rename", "old_path": "/memories/a.txt", "new_path": "/memories/deep"},
         "Error: The destination /memories/deep already exists"),
        ({"command": "rename", "old_path": "/memories/deep", "new_path": "/memories/deep/er/x"},
         "Error: The destination /memories/deep/er/x is inside of /memories/deep"),
        ({"command": "rename", "old_path": "/memories", "new_path": "/memories/x"},
         "Error: /memories itself cannot be changed"),
        ({"command": "chmod", "path": "/memories"},
         "Error: Unknown command: chmod. There are view, create, str_replace, insert, delete, rename."),
        ({}, "Error: `command` must be a string"),
    ],
)  # fmt: skip
def test_what_it_refuses(memory: Memory, folder: Path, input: dict[str, Any], words: str) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert refused(memory, **input) == words
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


ESCAPES = [
    "", ".", "/", "memories", "memories/a.txt", "a.txt", "/etc/passwd", "/memoriesx/a", "/memories2", "/Memories/a.txt",
    "..", "../secret.txt", "/memories/..", "/memories/../secret.txt", "/memories/deep/../../secret.txt",
    "/memories/./../secret.txt", "/memories/deep/..", "/../memories/a.txt", "/memories/../memories/a.txt",
    "/memories/%2e%2e/secret.txt", "/memories/%2E%2E/secret.txt", "/memories/..%2fsecret.txt",
    "/memories/%2e./secret.txt",
    "/memories/%252e%252e%252fsecret.txt", "/memories/%25252e%25252e/secret.txt", "/memories/..%5csecret.txt",
    "/memories%2f..%2fsecret.txt", "/memories/%c0%ae%c0%ae/..", "/memories/a%00.txt", "/memories/%" + "25" * 20 + "2e",
    "/memories/．．/secret.txt", "/memories/‥/secret.txt", "/memories/%EF%BC%8E%EF%BC%8E/secret.txt",
    "/memories/..\\secret.txt", "\\memories\\a.txt", "/memories\\..\\secret.txt", "..\\secret.txt",
    "C:\\secret.txt", "C:/secret.txt", "c:secret.txt", "/memories/C:/x", "/memories/c:x", "/C:/memories/x",
    "\\\\server\\share", "//server/share", "//memories/a.txt", "\\\\?\\C:\\x", "\\\\.\\pipe\\x", "//?/C:/x",
    "/memories/a\0.txt", "\0", "/memories/\0/../../secret.txt", "/memories/a\n.txt", "/memories/a\x7f",
    "/memories/\ud800", "file:///memories/a.txt", "~/x", "/memories/~/../../x",
]  # fmt: skip


@pytest.mark.parametrize("path", ESCAPES, ids=ascii)
def test_no_path_leads_out(memory: Memory, path: str) -> None:
    inputs: list[dict[str, Any]] = [
        {"command": "view", "path": path},
        {"command": "create", "path": path, "file_text": "x"},
        {"command": "str_replace", "path": path, "old_str": "secret", "new_str": "x"},
        {"command": "insert", "path": path, "insert_line": 0, "insert_text": "x"},
        {"command": "delete", "path": path},
        {"command": "rename", "old_path": "/memories/a.txt", "new_path": path},
        {"command": "rename", "old_path": path, "new_path": "/memories/b"},
    ]
    outside = memory.root.folder.parent
    before = sorted(outside.rglob("*"))
    for input in inputs:
        assert refused(memory, **input) == f"Error: The path {path} is not inside of /memories"
    assert sorted(outside.rglob("*")) == before
    assert (outside / "secret.txt").read_text() == "secret"


@pytest.mark.parametrize("target", ["../secret.txt", "..", "/etc", "a.txt", "nowhere", "self"])
@pytest.mark.parametrize("under", ["", "/x", "/secret.txt"])
def test_no_symlink_is_followed(memory: Memory, folder: Path, target: str, under: str) -> None:
    (folder / "self").symlink_to("self")
    (folder / "link").symlink_to(target)
    path = f"/memories/link{under}"
    for input in (
        {"command": "view", "path": path},
        {"command": "str_replace", "path": path, "old_str": "secret", "new_str": "x"},
        {"command": "insert", "path": path, "insert_line": 0, "insert_text": "x"},
        {"command": "create", "path": path, "file_text": "x"},
    ):
        assert refused(memory, **input)
    assert "link" not in said(memory, command="view", path="/memories")
    assert said(memory, command="delete", path="/memories/link") == "Successfully deleted /memories/link"
    assert (folder.parent / "secret.txt").read_text() == "secret"
    assert (folder / "a.txt").exists()


def test_a_folder_is_deleted_without_what_its_links_point_at(memory: Memory, folder: Path) -> None:
    (folder / "deep/out").symlink_to(folder.parent)
    said(memory, command="delete", path="/memories/deep")
    assert (folder.parent / "secret.txt").exists()


@pytest.mark.parametrize("make", [os.mkfifo], ids=["pipe"])
def test_what_is_no_file_is_not_waited_for(memory: Memory, folder: Path, make: Any) -> None:
    make(folder / "odd")
    assert MISSING in refused(memory, command="view", path="/memories/odd")
    assert MISSING in refused(memory, command="str_replace", path="/memories/odd", old_str="a", new_str="b")


def test_who_swaps_a_folder_for_a_link_meanwhile_gains_nothing(folder: Path) -> None:
    """Each write goes into the folder, or fails: never through the link."""
    root, outside, stop = Root(folder), folder.parent / "outside", threading.Event()
    outside.mkdir()

    def swap() -> None:
        for n in itertools.count():
            if stop.is_set():
                return
            with suppress(OSError):  # the folder is made anew where it was missing
                (folder / "deep/er").rename(folder / f"aside{n}")
                (folder / "deep/er").symlink_to(outside)
                (folder / "deep/er").unlink()
                (folder / f"aside{n}").rename(folder / "deep/er")
            (folder / "deep/er").mkdir(exist_ok=True)

    swapper = threading.Thread(target=swap)
    swapper.start()
    wrote = failed = 0
    try:
        for _ in range(2000):
            try:
                root.write(("deep", "er", "new"), b"x")
                wrote += 1
            except OSError:
                failed += 1
    finally:
        stop.set()
        swapper.join()
    assert list(outside.iterdir()) == []
    assert wrote and failed


def test_no_folder_is_made_that_is_too_deep_to_delete(memory: Memory, folder: Path) -> None:
    deep = f"/memories/{'d/' * 1500}f"
    assert refused(memory, command="create", path=deep, file_text="") == "Error: File name too long"
    assert not (folder / "d").exists()
    said(memory, command="create", path=f"/memories/{'d/' * 90}f", file_text="")
    said(memory, command="delete", path="/memories/d")
    assert not (folder / "d").exists()


def test_long_files_are_cut(memory: Memory, folder: Path) -> None:
    (folder / "long").write_text("x" * 20_000)
    words = said(memory, command="view", path="/memories/long")
    assert words.endswith("more characters: view them with view_range]") and len(words) < 16_100
    (folder / "lines").write_text("\n" * 1_000_000)
    assert refused(memory, command="view", path="/memories/lines") == (
        "File /memories/lines exceeds maximum line limit of 999,999 lines."
    )
    with (folder / "vast").open("wb") as file:
        file.truncate(1 << 40)
    assert refused(memory, command="view", path="/memories/vast") == "Error: File too large"


def test_what_is_no_text_is_said_to_be_none(memory: Memory, folder: Path) -> None:
    (folder / "bytes").write_bytes(b"\xff\xfe")
    assert refused(memory, command="view", path="/memories/bytes") == "Error: The file is no UTF-8 text"


def test_what_is_made_is_the_owners_alone(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "new/home")
    said(memory, command="create", path="/memories/a/b", file_text="x")
    modes = [(tmp_path / "new/home" / name).stat().st_mode & 0o777 for name in ("", "a", "a/b")]
    assert modes == [0o700, 0o700, 0o600]
    (tmp_path / "new/home/a/b").chmod(0o640)
    said(memory, command="insert", path="/memories/a/b", insert_line=1, insert_text="y")
    assert (tmp_path / "new/home/a/b").stat().st_mode & 0o777 == 0o640


@pytest.fixture(autouse=True)
def nothing_is_left_open() -> Iterator[None]:
    before = len(os.listdir("/proc/self/fd"))
    yield
    assert len(os.listdir("/proc/self/fd")) <= before + 1  # the root, which its fixture still holds


def test_its_entry_is_the_apis(folder: Path) -> None:
    assert Memory(folder).to_dict() == {"type": "memory_20250818", "name": "memory"}
