"""Keys and workspaces by hand, as somebody at a terminal makes them."""

import re
from argparse import ArgumentTypeError
from pathlib import Path

import pytest

from sijo.cli.key import span
from tests.serving import printed, sijo

KEY = re.compile(r"sk-ant-api03-sijo-[\w-]{48}")


def done(place: str, *words: str) -> str:
    """What a command prints, and it succeeds."""
    return printed(*words, "--database", place)


def refused(place: str, *words: str) -> str:
    """The line that says why not."""
    ran = sijo(*words, "--database", place)
    assert ran.returncode == 1 and ran.stdout == "", ran.stdout
    [line] = ran.stderr.splitlines()
    assert line.startswith("sijo: ")
    return line.removeprefix("sijo: ")


def rows(text: str) -> list[list[str]]:
    return [re.split(r" {2,}", line) for line in text.splitlines()[1:]]


def test_a_key_is_made_listed_and_revoked(address: str) -> None:
    key = done(address, "key", "create", "--name", "laptop")
    assert KEY.fullmatch(key)
    [[id, name, workspace, status, created, expires, hint]] = rows(done(address, "key", "list"))
    assert (name, workspace, status, expires) == ("laptop", "default", "active", "never")
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", created)
    assert hint.startswith("sk-ant-api03-sijo-") and hint.endswith(key[-4:]) and len(hint) < 30
    assert done(address, "key", "revoke", id) == f"{id} revoked"
    assert rows(done(address, "key", "list"))[0][3] == "archived"


def test_the_key_itself_is_nowhere(tmp_path: Path) -> None:
    key = done(f"sqlite:{tmp_path / 'k.db'}", "key", "create")
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert key.encode() not in kept and key.removeprefix("sk-ant-api03-sijo-").encode() not in kept


def test_a_key_can_be_revoked_by_its_name_or_itself(address: str) -> None:
    done(address, "key", "create", "--name", "a")
    key = done(address, "key", "create", "--name", "b")
    done(address, "key", "revoke", "a")
    done(address, "key", "revoke", key)
    assert [row[3] for row in rows(done(address, "key", "list"))] == ["archived", "archived"]
    assert refused(address, "key", "revoke", "c") == "no such key"


def test_a_name_that_several_keys_have_revokes_none(address: str) -> None:
    done(address, "key", "create", "--name", "twin")
    done(address, "key", "create", "--name", "twin")
    assert refused(address, "key", "revoke", "twin").startswith("several keys have that name: apikey_")


def test_a_workspace_and_its_keys(address: str) -> None:
    id = done(address, "workspace", "create", "research")
    assert id.startswith("wrkspc_01")
    done(address, "key", "create", "--name", "one", "--workspace", "research")
    done(address, "key", "create", "--name", "two", "--workspace", id, "--expires", "30d")
    listed = rows(done(address, "key", "list"))
    assert [row[2] for row in listed] == ["research", "research"] and listed[1][5] != "never"
    assert rows(done(address, "workspace", "list"))[0][::3] == [id, "-"]
    done(address, "workspace", "archive", "research")
    assert [row[3] for row in rows(done(address, "key", "list"))] == ["archived", "archived"]
    assert refused(address, "key", "create", "--workspace", "research").startswith("no such workspace; ")
    assert done(address, "workspace", "create", "research") != id  # the name is free again


def test_an_admin_key_is_told_apart(tmp_path: Path) -> None:
    place = f"sqlite:{tmp_path / 'k.db'}"
    assert done(place, "key", "create", "--admin").startswith("sk-ant-admin01-sijo-")
    assert rows(done(place, "key", "list"))[0][1:3] == ["admin", "(admin)"]
    assert "belongs to no workspace" in refused(place, "key", "create", "--admin", "--workspace", "default")


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    place = f"sqlite:{tmp_path / 'k.db'}"
    words = "no such workspace; sijo workspace list shows those that there are, sijo workspace create makes one"
    assert refused(place, "key", "create", "--workspace", "nowhere") == words
    assert "1 to 40 characters" in refused(place, "workspace", "create", "x" * 41)
    assert "1 to 40 characters" in refused(place, "workspace", "create", "default")
    done(place, "workspace", "create", "a")
    assert refused(place, "workspace", "create", "a") == "there is a workspace a already"
    assert "must be postgresql://" in refused("mysql://x", "key", "list")
    assert sijo("key", "list", "--database", place).stdout == ""


@pytest.mark.parametrize(("text", "seconds"), [("90m", 5400), ("12h", 43_200), ("30d", 2_592_000), ("2w", 1_209_600)])
def test_spans(text: str, seconds: int) -> None:
    assert span(text) == seconds


@pytest.mark.parametrize("text", ["", "30", "d", "0d", "00d", "-1d", "1.5d", "1y", "9999999d", "１d"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="is no span"):
        span(text)


def test_a_key_that_would_outlive_the_calendar_is_not_made(tmp_path: Path) -> None:
    """Nobody could say when it ends, and no list that it is in could be shown."""
    place = f"sqlite:{tmp_path / 'k.db'}"
    done(place, "key", "create", "--name", "long", "--expires", "36500d")
    ran = sijo("key", "create", "--expires", "999999w", "--database", place)
    assert ran.returncode == 2 and "'999999w' is more than 100 years" in ran.stderr
    assert [row[1] for row in rows(done(place, "key", "list"))] == ["long"]


def test_it_says_whose_key_it_is(tmp_path: Path) -> None:
    """A key that was made in another folder than the server's opens nothing: one can see where it went."""
    ran = sijo("key", "create", "--data-dir", str(tmp_path))
    assert re.fullmatch(
        rf"apikey_\w+: kept in {re.escape(str(tmp_path))}/sijo\.db as a digest, it cannot be shown again\n", ran.stderr
    )
    ran = sijo("key", "list", "--data-dir", str(tmp_path / "other"))
    assert (ran.stdout, ran.stderr) == ("", f"no keys in {tmp_path}/other/sijo.db: sijo key create\n")


LOOKS = {
    "key list": (0, "no keys in PLACE: sijo key create"),
    "key revoke laptop": (1, "sijo: no such key"),
    "workspace list": (0, "no workspaces but the default one: sijo workspace create NAME"),
    "workspace archive research": (1, "sijo: no such workspace; sijo workspace list shows those that there are"),
    "cost": (1, "sijo: WHERE: there is no ledger here"),
}


@pytest.mark.parametrize("words", LOOKS)
@pytest.mark.parametrize("flag", ["--data-dir", "--database"])
def test_who_only_looks_makes_no_database(tmp_path: Path, words: str, flag: str) -> None:
    folder = tmp_path / "nothing" / "here"
    place = folder / "sijo.db"
    where = str(folder) if flag == "--data-dir" else f"sqlite:{place}"
    ran = sijo(*words.split(), flag, where)
    status, said = LOOKS[words]
    assert (ran.returncode, ran.stdout) == (status, "")
    assert ran.stderr.startswith(said.replace("PLACE", str(place)).replace("WHERE", where))
    assert list(tmp_path.iterdir()) == []


def test_names_that_are_no_text_are_refused(tmp_path: Path) -> None:
    place = f"sqlite:{tmp_path / 'k.db'}"
    words = "a name is text of printable characters"
    for broken in ("\udcff", "a\nb", "\x1b[2J"):
        assert refused(place, "key", "create", "--name", broken) == words
        assert refused(place, "workspace", "create", broken) == words
    assert refused(place, "key", "create", "--workspace", "\udcff").startswith("no such workspace")
    assert refused(place, "key", "revoke", "\udcff") == "no such key"


def test_wide_names_stand_in_columns(tmp_path: Path) -> None:
    """What takes two columns of a terminal is counted as two."""
    place = f"sqlite:{tmp_path / 'k.db'}"
    done(place, "key", "create", "--name", "노트북")
    done(place, "key", "create", "--name", "laptop")
    [head, wide, narrow] = done(place, "key", "list").splitlines()
    assert head.index("WORKSPACE") == narrow.index("default") == wide.index("default") + 3


def test_with_a_stored_key_the_server_may_listen_elsewhere(tmp_path: Path) -> None:
    """The address is nobody's, so that it fails all the same: only later, and for another reason."""
    flags = ["serve", "--model", "simulator", "--host", "192.0.2.1", "--port", "0", "--data-dir", str(tmp_path)]
    assert "without keys: sijo key create" in sijo(*flags).stderr
    assert KEY.search(sijo("key", "create", "--data-dir", str(tmp_path)).stdout)
    assert "cannot listen on 192.0.2.1" in sijo(*flags).stderr
