"""INPUT in its formats: a reference after the other, and a complaint where none can be read."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.enrich.errors import EnrichError
from api.enrich.lines import MOST_BYTES, Source


@pytest.fixture
def read(tmp_path):
    def read(name, content, *options):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        source = Source(str(path), *options)
        try:
            lines = list(source)
        finally:
            source.close()
        assert source.position == source.size == path.stat().st_size
        return lines

    return read


def refs(lines):
    return [(line.number, line.ref) for line in lines]


def test_text_has_a_reference_on_each_line_and_blank_lines_mean_nothing(read):
    lines = read("in.txt", "\ufeffspotify:track:1\n\n  deezer:track:2\t\r\n\nUSRC17607839")
    assert refs(lines) == [(1, "spotify:track:1"), (3, "deezer:track:2"), (5, "USRC17607839")]
    assert {line.complaint for line in lines} == {None}


def test_a_table_is_read_by_the_column_that_names_references(read):
    table = (
        'title,ISRC,Link\n"One, two",USRC17607839,x\n"Two\nlines",usrc17607838,y\n\nThree,,z\n,,\n'
    )
    lines = read("in.csv", table)
    assert refs(lines) == [(2, "x"), (4, "y"), (6, "z")]
    lines = read("in.csv", table, None, "isrc")
    assert refs(lines) == [(2, "USRC17607839"), (4, "usrc17607838"), (6, "")]
    assert lines[2].complaint == "expected a reference in the column 'ISRC', got none"
    assert refs(read("in.csv", "id,x\na\nb,c,d\n")) == [(2, "a"), (3, "b")]


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ("title,name\nx,y\n", "or 'uri' or 'isrc', got 'title', 'name'; use --column"),
        ("", "got nothing; use --column"),
        ("id\n" + "x" * 200_000, "field larger than field limit"),
    ],
)  # fmt: skip
def test_a_table_without_that_column_is_refused(read, table, complaint):
    with pytest.raises(EnrichError, match=r"in\.csv") as caught:
        read("in.csv", table)
    assert complaint in str(caught.value)


def test_json_lines_are_texts_or_objects(read):
    told = [
        "spotify:track:1",
        {"x": 1, "id": "a"},
        {"isrc": "b", "id": "c"},
        {"ref": "", "url": "d"},
    ]
    text = "\n".join(map(json.dumps, told)) + "\n\n"
    assert refs(read("in.jsonl", text)) == [(1, "spotify:track:1"), (2, "a"), (3, "c"), (4, "d")]
    assert refs(read("in.ndjson", text, None, "isrc"))[2] == (3, "b")


@pytest.mark.parametrize(
    "bad", ['{"x": "y"}', "[1]", "7", "null", '{"id": 7}', "{", '"', "[" * 9999]
)
def test_what_is_no_reference_is_complained_of_and_the_next_line_is_read(read, bad):
    first, second = read("in.jsonl", f'{bad}\n"a"\n')
    assert first.complaint.startswith("expected ")
    assert len(first.ref) <= 200
    assert (second.number, second.ref, second.complaint) == (2, "a", None)


@pytest.mark.parametrize("format_", ["text", "jsonl"])
def test_a_line_that_is_not_utf8_or_endless_is_complained_of(read, format_):
    endless = b"x" * (3 * MOST_BYTES)
    lines = read("in.bin", b"\xff\xfe\n" + endless + b'\n"last"\n', format_)
    assert [line.complaint for line in lines] == [
        "expected UTF-8",
        f"expected a line of less than {MOST_BYTES:,} bytes",
        None,
    ]
    assert lines[0].ref == "\\xff\\xfe"
    assert lines[2].ref.strip('"') == "last"


def test_the_format_is_that_of_the_name_unless_it_is_told(read):
    assert refs(read("IN.CSV", "id\nx\n")) == [(2, "x")]
    assert refs(read("in.csv", "id\nx\n", "text")) == [(1, "id"), (2, "x")]
    assert refs(read("in", '"x"\n', "jsonl")) == [(1, "x")]


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(EnrichError, match=r"^/nowhere/in.txt: No such file or directory$"):
        Source("/nowhere/in.txt")


@given(st.binary(max_size=200), st.sampled_from(["text", "jsonl"]))
def test_whatever_is_in_a_file_each_line_is_read_or_complained_of(tmp_path_factory, raw, format_):
    path = tmp_path_factory.getbasetemp() / "any.bin"
    path.write_bytes(raw)
    source = Source(str(path), format_)
    lines = list(source)
    source.close()
    numbers = [line.number for line in lines]
    assert numbers == sorted(set(numbers))
    assert all(1 <= number <= raw.count(b"\n") + 1 for number in numbers)
