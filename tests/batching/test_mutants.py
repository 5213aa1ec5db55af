"""Every broken rule can still be put in; that tests notice each is `make mutants`."""

import pytest

from tests.batching.mutants import MUTANTS, ROOT, noticed

NAMES = [mutant.name for mutant in MUTANTS]


def test_no_name_is_given_twice():
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("mutant", MUTANTS, ids=NAMES)
def test_a_rule_can_be_broken_and_has_tests(mutant):
    compile(mutant.source(), mutant.file, "exec")
    assert [path for path in mutant.paths() if not (ROOT / path).is_file()] == []


def test_a_broken_rule_is_noticed():
    failed, said = noticed(MUTANTS[NAMES.index("outcomes come in another order")])
    assert failed
    assert "AssertionError" in said
