"""The size of a set from a sketch of it."""

from __future__ import annotations

from statistics import fmean

import pytest

from logwatch.windows.hyperloglog import HyperLogLog, hash64

STANDARD_ERROR = 1.04 / 64


def sketch_of(values, precision=12):
    sketch = HyperLogLog(precision)
    for value in values:
        sketch.add(value)
    return sketch


@pytest.mark.parametrize("size", [100, 1_000, 4_000, 10_000, 15_000, 20_000, 40_000])
def test_the_error_is_within_three_standard_errors_and_has_no_side(size):
    """Also where the estimator of 2007 changes its formula, at 10,240 and beyond."""
    runs = 6
    errors = [
        sketch_of(f"{seed}/{number}" for number in range(size)).estimate() / size - 1
        for seed in range(runs)
    ]
    assert max(map(abs, errors)) < 3 * STANDARD_ERROR
    assert abs(fmean(errors)) < 3 * STANDARD_ERROR / runs**0.5


def test_a_few_values_are_counted_almost_exactly():
    """As long as hardly two of them share a register."""
    assert HyperLogLog().estimate() == 0
    for size in (1, 2, 5, 20):
        assert sketch_of(map(str, range(size))).estimate() == size


@pytest.mark.parametrize("precision", [4, 8, 16])
def test_the_precision_chooses_between_memory_and_error(precision):
    """The error is 1.04 / sqrt(registers)."""
    estimate = sketch_of(map(str, range(20_000)), precision).estimate()
    assert abs(estimate / 20_000 - 1) < 3 * 1.04 / 2 ** (precision / 2)


def test_the_union_is_as_if_all_had_been_added_to_one():
    """In any order, also of a value in both."""
    one, other = [str(n) for n in range(3_000)], [str(n) for n in range(2_000, 9_000)]
    left, right = sketch_of(one), sketch_of(other)
    left.merge(right)
    right.merge(sketch_of(one))
    assert left.dump() == right.dump() == sketch_of(one + other).dump()
    assert sketch_of(reversed(one + other)).dump() == left.dump()


def test_the_hash_is_the_same_in_every_run():
    """What was stored yesterday is merged with what comes today."""
    hashes = {"10.0.0.1": 1336, "ünïcode": 569, "\ud800": 1056, "": 3658}
    assert {value: hash64(value) >> 52 for value in hashes} == hashes


def test_every_register_may_be_full():
    """A hash of which all bits after the register are zero, everywhere: more than can be told."""
    sketch = HyperLogLog(4)
    for register in range(16):
        sketch.add_hash(register << 60)
    assert sketch.estimate() == 2**64


def test_a_dump_goes_on_as_the_original():
    """Of an empty one too."""
    for size in (0, 1, 5_000):
        original = sketch_of(map(str, range(size)))
        restored = HyperLogLog.load(original.dump())
        original.add("one more")
        restored.add("one more")
        assert restored.dump() == original.dump()
        assert restored.estimate() == original.estimate()


def test_a_broken_dump_is_a_value_error():
    """Cut off anywhere, continued, of another version or precision, or of too many bytes."""
    dumped = sketch_of(map(str, range(100))).dump()
    broken = [dumped[:cut] for cut in range(len(dumped))]
    broken += [dumped + b"x", b"\x02" + dumped[1:], dumped[:1] + b"\x11" + dumped[2:]]
    broken += [dumped[:1] + b"\x04" + HyperLogLog(16).dump()[2:] + b"\0"]
    broken += [dumped[:1] + b"\x10" + dumped[2:]]
    for each in broken:
        with pytest.raises(ValueError):
            HyperLogLog.load(each)


def test_sketches_of_different_precision_do_not_mix():
    """Neither is there a sketch of any precision."""
    with pytest.raises(ValueError, match="union"):
        HyperLogLog(12).merge(HyperLogLog(11))
    for precision in (3, 17):
        with pytest.raises(ValueError, match="precision"):
            HyperLogLog(precision)
