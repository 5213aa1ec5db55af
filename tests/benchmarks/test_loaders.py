"""The benchmark measures what it says, for everybody alike."""

import asyncio

import pytest

from tests.benchmarks.loaders import CONTENDERS, MEASURES, fits, table


@pytest.mark.parametrize("contender", CONTENDERS, ids=[one.name for one in CONTENDERS])
def test_a_contender_answers_each_key(contender):
    async def main():
        ask, ask_many = contender.asking()()
        one = await ask(1)
        return one, await asyncio.gather(*map(ask, [2, 3])), await ask_many([4, 5])

    assert asyncio.run(main()) == (1, [2, 3], [4, 5])


@pytest.mark.parametrize("measure", MEASURES, ids=[one.__name__ for one in MEASURES])
def test_a_measure_takes_some_time_of_everybody_it_fits(measure):
    assert all(measure(one, 3) > 0 for one in CONTENDERS if fits(one, measure))


def test_the_table_has_a_line_for_each_measure_and_size():
    heading, _, *lines = [line for line in table(sizes=(1, 10), patience=0.0) if "|" in line]
    assert heading.count("|") == len(CONTENDERS) + 3
    assert len(lines) == 2 * len(MEASURES) + 2
    assert all(line.count("|") == heading.count("|") for line in lines)
