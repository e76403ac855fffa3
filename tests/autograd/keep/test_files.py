"""One writer and one reader for every file: whole or not at all, and within limits."""

import errno
import json
import os
import signal
import stat
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from autograd.keep import files

ROOT = Path(__file__).parents[3]
posix = pytest.mark.skipif(os.name != "posix", reason="pipes, devices and permissions of POSIX")
STALE = ".chainrule-0123456789abcdef.tmp"


def python(program, *arguments, **options):
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import sys; sys.path.insert(0, {str(ROOT)!r})\n" + textwrap.dedent(program),
            *map(str, arguments),
        ],
        **options,
    )


def hidden(folder):
    return [name for name in os.listdir(folder) if name.startswith(".")]


# Writing.


@pytest.mark.parametrize("content", ["text \u00e9", b"\x00\xff", "", b"", "x" * (1 << 20)])
def test_what_is_written_is_read(tmp_path, content):
    path = files.write_atomically(tmp_path / "file", content)
    assert path == tmp_path / "file"
    assert (files.read_text if isinstance(content, str) else files.read_bytes)(path) == content
    assert os.listdir(tmp_path) == ["file"]


def test_half_a_character_is_written_as_its_number(tmp_path):
    assert files.write_atomically(tmp_path / "file", "a\ud800b").read_bytes() == rb"a\ud800b"


@posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o666, 0o755])
def test_permissions_are_kept_and_new_files_follow_the_umask(tmp_path, mode):
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(mode)
    files.write_atomically(path, "new")
    assert stat.S_IMODE(path.stat().st_mode) == mode
    (tmp_path / "plain").write_text("")
    files.write_atomically(tmp_path / "other", "")
    assert (tmp_path / "plain").stat().st_mode == (tmp_path / "other").stat().st_mode


@posix
@pytest.mark.parametrize("length", [200, 254, 255])
def test_names_may_be_as_long_as_the_system_allows(tmp_path, length):
    path = tmp_path / ("n" * length)
    files.write_atomically(path, "1")
    files.write_atomically(path, "2")
    assert path.read_text() == "2"
    with pytest.raises(OSError, match="too long"):
        files.write_atomically(tmp_path / ("n" * 256), "1")
    assert os.listdir(tmp_path) == [path.name]


@posix
def test_links_lead_to_what_is_replaced(tmp_path):
    (tmp_path / "folder").mkdir()
    for name, target in (("direct", "folder/file"), ("twice", "direct"), ("later", "folder/new")):
        (tmp_path / name).symlink_to(target)
    for name in ("direct", "twice", "later"):
        files.write_atomically(tmp_path / name, name)
        assert (tmp_path / name).is_symlink() and (tmp_path / name).read_text() == name
    assert sorted(os.listdir(tmp_path / "folder")) == ["file", "new"]
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match="symbolic links"):
        files.write_atomically(tmp_path / "loop", "")
    assert (tmp_path / "loop").is_symlink()


BAD_PATHS = {
    "a missing folder": ("absent/file", FileNotFoundError),
    "a file for a folder": ("old/file", NotADirectoryError),
    "a folder": ("folder", IsADirectoryError),
    "a folder with its slash": ("absent/", OSError),
    "a zero byte": ("a\0b", ValueError),
    "half a character": ("a\ud800b", ValueError),
}


@pytest.mark.parametrize("kind", BAD_PATHS)
def test_paths_that_cannot_be_written_are_named(tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "old").write_text("old")
    name, error = BAD_PATHS[kind]
    with pytest.raises(error) as caught:
        files.write_atomically(name, "new")
    assert getattr(caught.value, "filename", name) == name
    assert sorted(os.listdir(tmp_path)) == ["folder", "old"] and (tmp_path / "old").read_text() == "old"


@posix
def test_a_file_for_reading_only_stays_as_it_is(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(0o444)
    with pytest.raises(PermissionError, match="for reading only"):
        files.write_atomically(path, "new")
    with pytest.raises(PermissionError, match="for reading only"):
        files.check_file(path)
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("failing", ["open", "write", "fsync", "replace", "fchmod"])
@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt(), MemoryError()],
    ids=["full", "Ctrl-C", "memory"],
)
def test_whatever_fails_the_old_file_stays_and_nothing_beside_it(tmp_path, monkeypatch, failing, error):
    if not hasattr(os, failing):
        pytest.skip("not on this system")
    path = tmp_path / "file"
    path.write_text("old")
    work = getattr(os, failing)

    def fail(*arguments, **options):
        if failing == "write":
            work(arguments[0], bytes(arguments[1])[:2])  # half of it arrives
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(os, failing, fail)
        with pytest.raises(type(error)) as caught:
            files.write_atomically(path, "newer")
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["file"]
    if isinstance(error, OSError):
        assert str(caught.value) == f"[Errno {errno.ENOSPC}] No space left on device: {str(path)!r}"


@posix
def test_what_a_killed_process_left_is_removed_at_the_next_write_and_what_a_living_one_writes_is_not(
    tmp_path,
):
    writing = """
        import os, time
        from autograd.keep import files
        def wait(handle):
            print("writing", flush=True)
            time.sleep(600)
        os.fsync = wait
        files.write_atomically(sys.argv[1], "from a process that is killed")
    """
    path = tmp_path / "file"
    with python(writing, path, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout.readline() == b"writing\n"
            (tmp_path / STALE).write_text("left")
            (tmp_path / ".chainrule-notes.tmp").write_text("a user's")
            left = hidden(tmp_path)
            files.write_atomically(tmp_path / "other", "1")
            assert sorted(hidden(tmp_path)) == sorted(set(left) - {STALE}) and len(left) == 3
        finally:
            process.send_signal(signal.SIGKILL)
    assert not path.exists() and len(hidden(tmp_path)) == 2
    files.write_atomically(path, "2")
    assert path.read_text() == "2" and hidden(tmp_path) == [".chainrule-notes.tmp"]


@posix
def test_links_and_pipes_with_the_name_of_a_temporary_file_are_left_alone(tmp_path):
    outside = tmp_path / "outside"
    outside.write_text("kept")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / STALE).symlink_to(outside)
    os.mkfifo(folder / STALE.replace("0", "a"))
    files.write_atomically(folder / "file", "")
    assert outside.read_text() == "kept" and len(hidden(folder)) == 2


@posix
def test_threads_and_processes_that_write_one_file_leave_one_of_their_contents(tmp_path):
    path = tmp_path / "file"
    program = """
        from autograd.keep import files
        for _ in range(60):
            files.write_atomically(sys.argv[1], sys.argv[2] * 5000)
    """
    started = [python(program, path, letter) for letter in "ab"]
    threads = [
        threading.Thread(
            target=lambda letter=letter: [files.write_atomically(path, letter * 5000) for _ in range(60)]
        )
        for letter in "cd"
    ]
    for thread in threads:
        thread.start()
    seen = set()
    while any(thread.is_alive() for thread in threads) or any(process.poll() is None for process in started):
        if path.exists():
            seen.add(path.read_text())
    assert [process.wait() for process in started] == [0, 0]
    assert seen <= {letter * 5000 for letter in "abcd"} and os.listdir(tmp_path) == ["file"]


@posix
def test_pipes_and_devices_are_written_to_as_they_are(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    files.write_atomically(pipe, "x" * 200_000)
    reader.join()
    assert got == [b"x" * 200_000] and stat.S_ISFIFO(pipe.stat().st_mode)
    files.write_atomically(os.devnull, "gone")
    assert not stat.S_ISREG(os.stat(os.devnull).st_mode)


@posix
def test_a_pipe_that_nobody_reads_is_an_error_and_no_end_of_waiting(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "SILENCE", 0.1)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="nobody has read"):
        files.write_atomically(tmp_path / "pipe", "x")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a device that is always full")
def test_a_full_device_is_named():
    with pytest.raises(OSError, match="No space") as caught:
        files.write_atomically("/dev/full", "x")
    assert caught.value.filename == "/dev/full"


@posix
@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
@pytest.mark.parametrize("into", ["a pipe", "a file"])
def test_standard_output_goes_on_where_it_was(tmp_path, name, into):
    if name.startswith("/proc") and not Path("/proc/self/fd").exists():
        pytest.skip("Linux only")
    program = """
        from autograd.keep import files
        print("before")
        files.write_atomically(sys.argv[1], "within\\n")
        print("after")
    """
    with (
        open(tmp_path / "out", "wb") as out,
        python(program, name, stdout=subprocess.PIPE if into == "a pipe" else out) as process,
    ):
        said = process.communicate()[0] if into == "a pipe" else None
    assert (said or (tmp_path / "out").read_bytes()) == b"before\nwithin\nafter\n"


# Reading.


@posix
@pytest.mark.parametrize("name", ["/dev/zero", "/dev/null", "/dev/random"])
def test_devices_are_not_read(name):
    with pytest.raises(OSError, match="device"):
        files.read_bytes(name)


def test_folders_and_absent_files_are_named(tmp_path):
    for name, error in ((tmp_path, OSError), (tmp_path / "absent", FileNotFoundError)):
        with pytest.raises(error) as caught:
            files.read_bytes(name)
        assert caught.value.filename == str(name)
    with pytest.raises(ValueError, match="zero byte"):
        files.read_bytes("a\0b")


def test_the_limit_of_a_file_is_met_and_named(tmp_path):
    path = files.write_atomically(tmp_path / "file", "x" * 100)
    assert len(files.read_bytes(path, limit=100)) == 100
    with pytest.raises(ValueError, match="file has 100 bytes, more than the limit of 99"):
        files.read_bytes(path, limit=99)


@posix
def test_a_pipe_is_read_to_its_end(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: (time.sleep(0.1), pipe.write_bytes(b"y" * 300_000)))
    writer.start()
    assert files.read_bytes(pipe) == b"y" * 300_000
    writer.join()


@posix
@pytest.mark.parametrize("limit", ["bytes", "silence", "seconds"])
def test_a_pipe_without_end_meets_a_limit(tmp_path, monkeypatch, limit):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    monkeypatch.setattr(files, "SILENCE", 0.2 if limit == "silence" else 30.0)
    handle = os.open(pipe, os.O_RDWR)
    try:
        os.write(handle, b"x" * 1000)
        told = {
            "bytes": "more bytes than the limit of 999",
            "silence": "nothing came from it",
            "seconds": "more than the limit of 0.3 s",
        }[limit]
        with pytest.raises(ValueError, match=told):
            files.read_bytes(
                pipe, limit=999 if limit == "bytes" else 5000, seconds=0.3 if limit == "seconds" else 30.0
            )
    finally:
        os.close(handle)


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="Linux only")
def test_a_file_that_says_nothing_of_its_size_is_read():
    assert b"[stack]" in files.read_bytes("/proc/self/maps")
    with pytest.raises(ValueError, match="more bytes than the limit of 10"):
        files.read_bytes("/proc/self/maps", limit=10)


# JSON.


@pytest.mark.parametrize("text", ['["]]]", {"a[": "\\"[[["}]', '{"a": [1, [2]]}', "3", '"[[[["'])
def test_brackets_in_texts_are_no_depth(text):
    assert files.parse_json(text, depth=3) == json.loads(text)


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
def test_depth_has_a_limit(opening):
    with pytest.raises(ValueError, match="nested too deeply, more than the limit of 200"):
        files.parse_json(opening * 201)
    recursion = sys.getrecursionlimit()
    sys.setrecursionlimit(10**6)  # whatever the interpreter would allow
    try:
        with pytest.raises(ValueError, match="nested too deeply"):
            files.parse_json(opening * 200_000)
    finally:
        sys.setrecursionlimit(recursion)


def test_depth_is_found_by_one_look_at_each_character():
    text = (
        "[" * 201 + '"' + '\\"' * 1_000_000
    )  # a text that does not end: looked for anew at each quotation mark, it would take hours
    with pytest.raises(ValueError, match="nested too deeply, more than the limit of 200"):
        files.parse_json(text)
    pieces = '["' + "[" * (1 << 20) + '", [[1]]]'  # a text of several pieces
    assert files.parse_json(pieces, depth=3)[1] == [[1]]
    with pytest.raises(ValueError, match="limit of 2"):
        files.parse_json(pieces, depth=2, entries=1 << 22)


def test_the_limit_of_values_grows_with_that_of_the_size(monkeypatch):
    monkeypatch.setattr(files, "ENTRIES", 4)
    assert files.parse_json("[1, 2, 3]", limit=16) == [1, 2, 3]
    with pytest.raises(
        ValueError, match="JSON of 5 values, more than the limit of 4; limit=80 accepts so many"
    ):
        files.parse_json("[1, 2, 3, 4]", limit=16)
    assert files.parse_json("[1, 2, 3, 4]", limit=80) == [1, 2, 3, 4]


def test_the_number_of_values_has_a_limit():
    assert files.parse_json("[1, 2, 3]", entries=4) == [1, 2, 3]
    for text in ("[1, 2, 3]", "[[[1]]]", '{"a": 1, "b": 2, "c": 3}'):
        with pytest.raises(ValueError, match="more values than the limit of 3"):
            files.parse_json(text, entries=3)


@pytest.mark.parametrize(
    "text", ["", "{", "nan", "[1,]", "\x00", '"\ud800', "1" * 5000, "[" * 199, '{"a": 1, "a": 2}']
)
def test_what_is_no_json_is_a_value_error(text):
    with pytest.raises(ValueError, match="JSON|twice|digits"):
        files.parse_json(text)
