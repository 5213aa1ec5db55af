"""The journal: whatever byte a run was killed at, what was committed stands, and nothing else."""

import re
import shutil

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.enrich.errors import EnrichError
from api.enrich.journal import Journal
from api.enrich.results import Done, Failure


class Files:
    """The files of a run in one folder."""

    def __init__(self, folder):
        self.folder = folder
        self.output, self.failures = folder / "out.jsonl", folder / "out.failures.jsonl"
        self.state = folder / "out.jsonl.state"

    def open(self, document="d", providers=(), failures=None):
        return Journal(self.output, failures or self.failures, document, providers)

    def lines(self, path):
        text = path.read_bytes() if path.exists() else b""
        assert text == b"" or text.endswith(b"\n")
        return [msgspec.json.decode(line)["line"] for line in text.splitlines()]

    @property
    def both(self):
        return self.lines(self.output), self.lines(self.failures)


@pytest.fixture
def files(tmp_path):
    return Files(tmp_path)


def done(number):
    return Done(number, f"ref {number}", {"name": "Ünisono"})


def failed(number, *, retryable=True):
    return Failure(number, f"ref {number}", retryable, [{"code": "X", "message": "because"}])


def test_what_is_committed_is_read_again_with_how_far_it_is(files):
    with files.open() as journal:
        journal.commit([done(1), failed(2), done(4)], lines=4, digest="abc")
    assert files.both == ([1, 4], [2])
    with files.open() as journal:
        state = journal.state
        assert (state.lines, state.digest, state.done, state.failed) == (4, "abc", 2, 1)
        journal.commit([done(5)], lines=5, digest="def")
    assert files.both == ([1, 4, 5], [2])


def test_without_failures_there_is_no_such_file(files):
    with files.open() as journal:
        assert files.failures.exists()
        journal.commit([done(1)], lines=1, digest="a")
    assert not files.failures.exists()


def killed_states(files, tmp_path):
    """Yield copies of the files as they may lie there at any byte of a second commit."""
    with files.open() as journal:
        journal.commit([done(1), failed(2)], lines=2, digest="a")
        before = {path: path.read_bytes() for path in (files.output, files.failures, files.state)}
        journal.commit([done(3), failed(4)], lines=4, digest="b")
        after = {path: path.read_bytes() for path in before}
    outputs = range(len(before[files.output]), len(after[files.output]) + 1)
    failures = range(len(before[files.failures]), len(after[files.failures]) + 1)
    torn = [(cut, failures[0]) for cut in outputs] + [(outputs[-1], cut) for cut in failures]
    for place, (output, failure) in enumerate(torn):
        folder = tmp_path / str(place)
        folder.mkdir()
        copy = Files(folder)
        copy.output.write_bytes(after[files.output][:output])
        copy.failures.write_bytes(after[files.failures][:failure])
        names = str(files.failures).encode(), str(copy.failures).encode()
        copy.state.write_bytes(before[files.state].replace(*names))
        yield copy


def test_at_every_byte_of_a_torn_commit_the_lines_before_stand_and_no_half_line(files, tmp_path):
    count = 0
    for copy in killed_states(files, tmp_path):
        with copy.open() as journal:
            assert (journal.state.lines, journal.state.digest) == (2, "a")
            assert copy.both == ([1], [2])
            journal.commit([done(3), failed(4)], lines=4, digest="b")
        assert copy.both == ([1, 3], [2, 4])
        count += 1
    assert count > 100


@pytest.mark.parametrize("cut", range(0, 400, 7))
def test_a_new_state_that_was_not_finished_means_nothing(files, cut):
    with files.open() as journal:
        journal.commit([done(1)], lines=1, digest="a")
    torn = files.state.with_name("out.jsonl.state.new")
    torn.write_bytes(files.state.read_bytes()[:cut])
    with files.open() as journal:
        assert journal.state.lines == 1
    assert not torn.exists()


def test_failures_that_are_tried_again_leave_or_stay_each_once(files):
    with files.open() as journal:
        results = [failed(1), failed(2, retryable=False), failed(3), failed(4), done(5)]
        journal.commit(results, lines=5, digest="a")
    with files.open() as journal:
        standing = list(journal.standing())
        assert [failure.line for failure, _ in standing] == [1, 2, 3, 4]
        old = [failure for failure, _ in standing[:3]]
        journal.replace(old, [old[1], done(1), failed(3, retryable=False)], standing[2][1])
        assert (journal.state.failed, journal.state.retryable) == (3, 1)
        assert [failure.line for failure, _ in journal.standing()] == [4, 2, 3]
    assert files.both == ([5, 1], [4, 2, 3])
    with files.open() as journal:
        assert [failure.line for failure, _ in journal.standing()] == [4, 2, 3]


@pytest.mark.parametrize("step", range(4))
def test_killed_while_failures_are_moved_to_the_front_they_stand_once(files, monkeypatch, step):
    """Before the copy is whole, before and after it is the file, before that is said."""

    class KilledError(BaseException):
        pass

    journal = files.open()
    journal.commit([failed(1), failed(2)], lines=2, digest="a")
    [first, _] = journal.standing()
    journal.replace([first[0]], [done(1)], first[1])
    writes, replaces = [], []
    write_state, replace = Journal._write_state, type(files.output).replace

    def dying_write(self):
        writes.append(1)
        if (step, len(writes)) in {(0, 1), (3, 2)}:
            raise KilledError
        write_state(self)

    def dying_replace(self, target):
        if self.name.endswith("jsonl.new"):
            replaces.append(1)
            if step == 1:
                raise KilledError
            replace(self, target)
            if step == 2:
                raise KilledError
        else:
            replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "_write_state", dying_write)
        patch.setattr(type(files.output), "replace", dying_replace)
        with pytest.raises(KilledError):
            journal.close()
    journal._output.close()
    with files.open() as again:
        assert [failure.line for failure, _ in again.standing()] == [2]
        assert (again.state.failed, again.state.done) == (1, 1)
    assert files.both == ([1], [2])
    assert sorted(path.name for path in files.folder.iterdir()) == [
        "out.failures.jsonl",
        "out.jsonl",
        "out.jsonl.state",
    ]


def test_what_breaks_off_a_commit_leaves_the_files_as_they_were(files, monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    with files.open() as journal:
        journal.commit([done(1)], lines=1, digest="a")
        with monkeypatch.context() as patch:
            patch.setattr(Journal, "_write_state", interrupted)
            with pytest.raises(KeyboardInterrupt):
                journal.commit([done(2), failed(3)], lines=3, digest="b")
    assert files.both == ([1], [])
    assert journal.state.lines == 1


@pytest.mark.parametrize(
    ("change", "option"),
    [
        ({"document": "x"}, "--fields"),
        ({"providers": ["DEEZER"]}, "--provider"),
        ({}, "--failures"),
    ],
)
def test_a_run_begun_otherwise_is_not_gone_on_with(files, change, option):
    with files.open() as journal:
        journal.commit([done(1)], lines=1, digest="a")
    change = change or {"failures": files.folder / "others.jsonl"}
    with pytest.raises(EnrichError, match=rf"out\.jsonl: was begun with another {option}"):
        files.open(**change)
    assert files.both == ([1], [])


def test_a_strangers_file_is_left_alone_and_an_empty_one_is_taken(files):
    for path in (files.output, files.failures):
        path.write_text("somebody's\n", encoding="utf-8")
        with pytest.raises(EnrichError, match=re.escape(f"{path.name}: expected a new file")):
            files.open()
        assert path.read_text(encoding="utf-8") == "somebody's\n"
        path.write_bytes(b"")
    files.open().close()


@pytest.mark.parametrize("name", ["output", "failures"])
def test_a_file_that_lost_something_is_not_gone_on_with(files, name):
    with files.open() as journal:
        journal.commit([done(1), failed(2)], lines=2, digest="a")
    path = getattr(files, name)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(EnrichError, match=r"expected at least .* bytes, got .*: it was changed"):
        files.open()


def test_two_runs_at_a_time_are_one_too_many(files):
    with files.open(), pytest.raises(EnrichError, match="another run is writing it"):
        files.open()
    files.open().close()


def test_a_state_that_is_none_is_named(files):
    files.state.write_text("{", encoding="utf-8")
    with pytest.raises(EnrichError, match=r"out.jsonl.state: expected the state of a run"):
        files.open()


# How many failures are tried again, how many lines are asked then, and whether it ends by a kill.
STEPS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.booleans()), max_size=12)


@settings(max_examples=40, deadline=None)
@given(STEPS, st.lists(st.integers(0, 2), min_size=12, max_size=12), st.integers(0, 10))
def test_killed_and_gone_on_with_at_random_every_line_stands_once(
    tmp_path_factory, steps, fails, torn
):
    """A run of 12 lines, of which some fail a few times."""
    folder = tmp_path_factory.getbasetemp() / "journal"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    files = Files(folder)
    left = dict(enumerate(fails, 1))  # how often a line still fails

    def ask(number):
        left[number] -= 1
        return done(number) if left[number] < 0 else failed(number)

    for again, width, killed in [*steps, *[(12, 12, False)] * 3]:
        journal = files.open()
        some = list(journal.standing())[:again]
        if some:
            results = [ask(failure.line) for failure, _ in some]
            journal.replace([failure for failure, _ in some], results, some[-1][1])
        first = journal.state.lines + 1
        if window := range(first, min(first + width, 13)):
            journal.commit([ask(each) for each in window], lines=window[-1], digest="")
        if killed:
            for stream in (journal._output, journal._failures):
                stream.write(b'{"line": 9,'[:torn])
                stream.close()
        else:
            journal.close()
            output, failures = files.both
            assert sorted(output + failures) == list(range(1, journal.state.lines + 1))
            assert (journal.state.done, journal.state.failed) == (len(output), len(failures))
    assert (sorted(files.both[0]), files.both[1]) == (list(range(1, 13)), [])
