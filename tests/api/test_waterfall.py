"""The waterfall in the terminal, letter by letter."""

import io
import re

import pytest
from rich.console import Console

from api.testing import TestClient
from api.waterfall import MOST_ROWS, Batch, Waterfall

REPORT = [{"asked": 108, "calls": 4, "callsSaved": 104}]
BATCHES = [
    Batch("spotify.search", 1, 10.0, 10.0, 10.081, (200,)),
    Batch("spotify.albums", 20, 10.081, 10.081, 10.163, (200,)),
    Batch("spotify.artists", 41, 10.081, 10.101, 10.181, (503,), failures=3, retries=8),
    Batch("spotify.albums", 19, 10.081, 10.131, 10.161, (None,), failures=19),
    Batch("spotify.isrcs", 1, 10.15, 10.18, 10.1801, ()),
    Batch("musicbrainz.track_lookup", 1, 10.1, 10.15, 10.2, (404,)),
]


class Terminal(io.TextIOWrapper):
    def isatty(self):
        return True


def drawn(batches, *, report=REPORT, encoding="utf-8", terminal=False, width=80, **environ):
    """Return what is printed, line by line."""
    written = io.BytesIO()
    kind = Terminal if terminal else io.TextIOWrapper
    file = kind(written, encoding=encoding, write_through=True)
    environ.setdefault("TERM", "xterm-256color")
    console = Console(file=file, width=width, highlight=False, _environ=environ)
    waterfall = Waterfall()
    waterfall.batches = list(batches)
    waterfall.draw(console, report)
    return written.getvalue().decode(encoding).splitlines()


def test_batches_stand_under_each_other_as_they_left():
    assert drawn(BATCHES, width=88) == [
        "spotify.search              1 key  ━━━━━━━             81 ms  200",
        "spotify.albums            20 keys         ━━━━━━━━     82 ms  200",
        "spotify.artists           41 keys         ╌╌━━━━━━━    80 ms  503, 8 again, 3 unanswered",
        "spotify.albums            19 keys         ╌╌╌╌╌━━      30 ms  no answer, 19 unanswered",
        "musicbrainz.track_lookup    1 key           ╌╌╌╌╌━━━━  50 ms  404",
        "spotify.isrcs               1 key                ╌╌━   <1 ms  no call",
        "108 keys asked, 4 calls made, 104 calls saved, in 200 ms",
    ]


def test_where_only_ascii_can_be_written_it_is():
    lines = drawn(BATCHES[:3], encoding="ascii")
    assert lines[0] == "spotify.search     1 key  =========            81 ms  200"
    assert lines[2].startswith("spotify.artists  41 keys           ..=")


def test_colour_is_for_terminals():
    assert not any("\x1b" in line for line in drawn(BATCHES))
    lines = drawn(BATCHES, terminal=True)
    assert "\x1b[32m━" in lines[0]
    assert "\x1b[31m━" in lines[2]


def test_whoever_wants_no_colour_gets_none():
    lines = drawn(BATCHES, terminal=True, NO_COLOR="1")
    assert re.findall(r"\x1b\[3\dm", "".join(lines)) == []


@pytest.mark.parametrize("width", [20, 60, 200])
def test_no_line_is_longer_than_the_terminal_is_wide(width):
    assert all(len(line) <= width for line in drawn(BATCHES, width=width))


def test_of_many_batches_the_first_are_drawn_and_the_others_counted():
    many = [Batch("spotify.tracks", 50, 0.0, n / 10, n / 10 + 0.1, (200,)) for n in range(1_050)]
    lines = drawn(many)
    assert len(lines) == MOST_ROWS + 2
    assert lines[-2] == "... and 1,010 batches more"


def test_without_a_batch_it_is_one_line():
    assert drawn([], report=[]) == ["0 keys asked, 0 calls made, 0 calls saved"]


async def test_it_collects_what_an_operation_does(track_ids):
    async with TestClient() as client:
        client.simulator.latency = 0.25
        waterfall = Waterfall()
        client.engine.providers.observers.append(waterfall.add)
        query = "query ($ids: [ID!]!) { tracks(ids: $ids) { album { label } } }"
        await client.execute(query, {"ids": track_ids[:3]})
    # A token comes before the first call, and takes its time as well.
    assert waterfall.batches == [
        Batch("spotify.tracks", 3, 0.0, 0.0, 0.5, (200,)),
        Batch("spotify.albums", 3, 0.5, 0.5, 0.75, (200,)),
    ]
