"""Files below one folder, and nothing outside of it: whatever a path says, and whoever changes the folder meanwhile.

Paths are checked as written, decoded and normalized. Then each step is opened from the one before (`dir_fd`), and no
step may be a symlink: there is no moment in which a path that was found good could come to mean another file.
"""

import errno
import os
import re
import secrets
import stat
import unicodedata
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

Parts = tuple[str, ...]
"""The steps of a path below the folder; none for the folder itself."""
DEEPEST = 100
"""Steps of a path on which folders are made: what is as deep as a path may be long, nothing here could delete again."""
ROUNDS = 8
"""How often a path may be encoded on top of itself; more is refused."""
_FOREIGN = re.compile(r"[\x00-\x1f\x7f\\]|^//|(?:^|/)[A-Za-z]:")
"""Control characters, and what separates or begins paths elsewhere: backslashes, UNC paths, drives."""
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Refused(ValueError):
    """A path that leads, or might lead, out of the folder."""


class Entry(NamedTuple):
    """Something in a folder: its path below that, its size in bytes (of a folder: of all that is listed in it)."""

    path: str
    size: int
    folder: bool


def safe(path: str) -> None:
    """Raise Refused for a path with anything in it that means "elsewhere" somewhere, however it is written."""
    for form in _forms(path):
        if _FOREIGN.search(form) or ".." in form.split("/"):
            raise Refused(path)


def _forms(path: str) -> Iterator[str]:
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise Refused(path) from error
    form = path
    for _ in range(ROUNDS):
        yield form
        yield unicodedata.normalize("NFKC", form)
        decoded = unquote(form)
        if decoded == form:
            return
        form = decoded
    raise Refused(path)


class Root:
    """A folder. Operations raise OSError; a symlink anywhere on the way is one (ELOOP).

    `private`: what is made in it is for its owner alone.
    """

    def __init__(self, folder: str | os.PathLike[str], *, private: bool = False) -> None:
        self.private = private
        self.folder = Path(folder).resolve()
        self._fd = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, self._fd)

    def parts(self, path: str) -> Parts:
        """The steps of a path, relative to the folder or absolute and inside of it. Raises Refused."""
        safe(path)
        if path.startswith("/"):
            inside = str(self.folder).rstrip("/")
            if path != inside and not path.startswith(inside + "/"):
                raise Refused(path)
            path = path[len(inside) :]
        return tuple(part for part in path.split("/") if part not in ("", "."))

    @contextmanager
    def parent(self, parts: Parts, *, make: bool = False) -> Iterator[tuple[int, str]]:
        """The opened folder in which the last step is, and that step. `make`: folders that are missing on the way."""
        if make and len(parts) > DEEPEST:
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
        fd = os.dup(self._fd)
        try:
            for part in parts[:-1]:
                if make:
                    with suppress(FileExistsError):
                        os.mkdir(part, 0o700 if self.private else 0o777, dir_fd=fd)
                inner = os.open(part, _DIRECTORY, dir_fd=fd)
                os.close(fd)
                fd = inner
            yield fd, parts[-1] if parts else "."
        finally:
            os.close(fd)

    def kind(self, parts: Parts) -> str:
        """`file`, `folder`, `other`, or nothing where there is nothing. A symlink is other."""
        try:
            with self.parent(parts) as (fd, name):
                mode = os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode
        except (FileNotFoundError, NotADirectoryError):
            return ""
        except OSError as error:
            if error.errno == errno.ELOOP:
                return "other"
            raise
        return "folder" if stat.S_ISDIR(mode) else "file" if stat.S_ISREG(mode) else "other"

    def read(self, parts: Parts, *, most: int) -> bytes:
        """A file of at most so many bytes. Anything else is a PermissionError: a pipe would never end."""
        with self.parent(parts) as (fd, name), self._opened(name, os.O_RDONLY, fd) as file:
            chunks, left = [], most
            while chunk := os.read(file, 1 << 20):
                chunks.append(chunk)
                left -= len(chunk)
                if left < 0:
                    raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), name)
            return b"".join(chunks)

    def write(self, parts: Parts, data: bytes, *, new: bool = False) -> None:
        """A file, whole or not at all, with the folders that it needs. `new`: FileExistsError where there is one."""
        with self.parent(parts, make=True) as (fd, name):
            mode = None if new else self._mode(name, fd)
            target = name if new else f".{secrets.token_hex(8)}.tmp"
            with self._opened(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, fd) as file:
                try:
                    rest = memoryview(data)
                    while rest:
                        rest = rest[os.write(file, rest) :]
                    if mode is not None:
                        os.fchmod(file, mode)
                    if target != name:
                        os.replace(target, name, src_dir_fd=fd, dst_dir_fd=fd)
                except OSError:
                    os.unlink(target, dir_fd=fd)
                    raise

    def delete(self, parts: Parts) -> None:
        """A file, or a folder with all that is in it."""
        with self.parent(parts) as (fd, name):
            _delete(name, fd)

    def rename(self, old: Parts, new: Parts) -> None:
        """Raises FileExistsError where there is something at the new place."""
        with self.parent(old) as (fd, name), self.parent(new, make=True) as (there, title):
            os.stat(name, dir_fd=fd, follow_symlinks=False)
            try:
                os.stat(title, dir_fd=there, follow_symlinks=False)
            except FileNotFoundError:
                os.rename(name, title, src_dir_fd=fd, dst_dir_fd=there)
                return
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), title)

    def listed(self, parts: Parts, depth: int) -> list[Entry]:
        """What is in a folder, `depth` levels down, in order; without hidden things, node_modules and symlinks."""
        with self.parent((*parts, ".")) as (fd, _):
            return _listed(fd, depth, "")

    def _mode(self, name: str, fd: int) -> int | None:
        """The mode of a file that is there. What is no file is an OSError."""
        try:
            found = os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(found):
            code = errno.EISDIR if stat.S_ISDIR(found) else errno.ELOOP
            raise OSError(code, os.strerror(code), name)
        return stat.S_IMODE(found)

    @contextmanager
    def _opened(self, name: str, flags: int, fd: int) -> Iterator[int]:
        file = os.open(name, flags | _FILE, 0o600 if self.private else 0o666, dir_fd=fd)
        try:
            found = os.fstat(file).st_mode
            if stat.S_ISDIR(found):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), name)
            if not stat.S_ISREG(found):
                raise PermissionError(errno.EPERM, "not a regular file", name)
            yield file
        finally:
            os.close(file)


def _delete(name: str, fd: int) -> None:
    if not stat.S_ISDIR(os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode):
        os.unlink(name, dir_fd=fd)
        return
    inner = os.open(name, _DIRECTORY, dir_fd=fd)
    try:
        for part in os.listdir(inner):
            _delete(part, inner)
    finally:
        os.close(inner)
    os.rmdir(name, dir_fd=fd)


def _listed(fd: int, depth: int, before: str) -> list[Entry]:
    out: list[Entry] = []
    for name in sorted(os.listdir(fd)):
        if name.startswith(".") or name == "node_modules":
            continue
        try:
            found = os.stat(name, dir_fd=fd, follow_symlinks=False)
        except FileNotFoundError:
            continue  # gone since
        if stat.S_ISREG(found.st_mode):
            out.append(Entry(before + name, found.st_size, False))
        elif stat.S_ISDIR(found.st_mode):
            inner: list[Entry] = []
            if depth > 1:
                inside = os.open(name, _DIRECTORY, dir_fd=fd)
                try:
                    inner = _listed(inside, depth - 1, f"{before}{name}/")
                finally:
                    os.close(inside)
            out += [Entry(before + name, sum(one.size for one in inner if not one.folder), True), *inner]
    return out
