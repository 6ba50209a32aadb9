"""States that are kept as bytes where nobody asks for them: against a plain dictionary."""

from __future__ import annotations

from collections import OrderedDict

import msgspec
import pytest
from doubles.examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from logwatch.rules import live_keys
from logwatch.rules.live_keys import LiveKeys

MOST = 2


class Counter(Struct):
    """The state of a key."""

    number: int = 0
    burns: bool = False


class Counting:
    """Keys, and how often one was written or read."""

    def __init__(self) -> None:
        self.encoded = self.decoded = 0
        self.keys = LiveKeys(self._encode, self._decode, lambda state: state.burns)

    def _encode(self, state: Counter) -> bytes:
        self.encoded += 1
        return msgspec.msgpack.encode(state)

    def _decode(self, body: bytes) -> Counter:
        self.decoded += 1
        return msgspec.msgpack.decode(body, type=Counter)

    def hit(self, key: str, number: int, *, burns: bool = False) -> None:
        """A record of `key`."""
        state = self.keys.see(key)
        if state is None:
            state = Counter()
            self.keys.add(key, state)
        state.number += number
        state.burns = burns


@pytest.fixture(autouse=True)
def _few_thawed(monkeypatch):
    monkeypatch.setattr(live_keys, "MOST_THAWED", MOST)


key_names = st.sampled_from("abcdef")
operations = st.one_of(
    st.tuples(st.just("hit"), key_names, st.integers(0, 9), st.booleans()),
    st.tuples(st.just("forget"), key_names),
    st.tuples(st.just("get"), key_names),
    st.tuples(st.just("deadline"), key_names),
    st.tuples(st.just("changes")),
    st.tuples(st.just("settle")),
    st.tuples(st.just("restart")),
)


@given(st.lists(operations, max_size=60))
@settings(max_examples=examples(300))
def test_keys_are_as_if_all_were_objects(history):
    """Their states, their order, which burn, and what the store is told of them."""
    real, model = Counting(), OrderedDict()
    stored: dict[str, bytes] = {}

    def commit() -> None:
        for key, body in real.keys.changes():
            stored.pop(key, None)
            if body is not None:
                stored[key] = body

    for name, *arguments in history:
        key = arguments[0] if arguments else ""
        match name:
            case "hit":
                real.hit(key, arguments[1], burns=arguments[2])
                before = model.pop(key, (0, False))
                model[key] = (before[0] + arguments[1], arguments[2])
            case "forget" if key in model:
                real.keys.forget(key)
                del model[key]
            case "get":
                state = real.keys.get(key)
                assert (state and (state.number, state.burns)) == model.get(key)
            case "deadline" if key in model:
                real.keys[key].burns = False
                real.keys.changed.add(key)
                model[key] = (model[key][0], False)
            case "settle":
                real.keys.settle()
            case "changes":
                commit()
            case "restart":
                commit()
                real = Counting()
                for each, body in stored.items():
                    real.keys.restore(each, body)
                real.keys.arrange([*model, "gone"])
        assert [*real.keys] == [*model]
        assert len(real.keys) == len(model)
        assert [each for each in model if real.keys.burns(each)] == [
            each for each, (_, burns) in model.items() if burns
        ]
    seen = {each: real.keys.peek(each) for each in real.keys}
    assert {each: (state.number, state.burns) for each, state in seen.items()} == model
    assert [each.number for each in real.keys.burning()] == [
        number for number, burns in model.values() if burns
    ]
    commit()
    assert {each: msgspec.msgpack.decode(body) for each, body in stored.items()} == {
        each: {"number": number, "burns": burns} for each, (number, burns) in model.items()
    }


def frozen(real: Counting) -> dict[str, bytes]:
    """The states that are bytes."""
    return {key: each for key, each in real.keys._states.items() if isinstance(each, bytes)}


def test_only_the_latest_few_are_objects():
    """Of the others there are the bytes that the store was given."""
    real = Counting()
    real.hit("a", 1)
    real.hit("b", 1)
    committed = dict(real.keys.changes())
    real.hit("c", 1)
    real.hit("d", 1)
    assert frozen(real) == {}
    committed |= dict(real.keys.changes())
    assert frozen(real) == {"a": committed["a"], "b": committed["b"]}
    assert real.encoded == 4


def test_looking_at_a_key_neither_writes_nor_keeps_it():
    """To be asked why changes nothing."""
    real = Counting()
    for key in "abcd":
        real.hit(key, 1)
    committed = dict(real.keys.changes())
    first, second = before = frozen(real)
    assert real.keys.peek(first).number == 1
    assert frozen(real) == before
    assert real.keys.get(second).number == 1
    real.keys.settle()
    assert len(frozen(real)) == len(before)
    assert frozen(real)[first] == committed[first]
    assert real.encoded == 4
    assert [*real.keys.changes()] == []


def test_a_key_that_is_seen_all_the_time_is_never_written_for_its_memory():
    """Most hits are of few keys."""
    real = Counting()
    for number in range(10):
        real.hit("often", 1)
        real.hit(f"once {number}", 1)
        assert len([*real.keys.changes()]) == 2
    assert real.decoded == 0
    assert real.encoded == 20


def test_many_deadlines_at_once_do_not_thaw_all_of_them():
    """Each is settled before the next, and what was changed is not written twice."""
    real = Counting()
    for number in range(100):
        real.hit(f"{number}", 1, burns=True)
    [*real.keys.changes()]
    for key in [*real.keys]:
        real.keys[key].burns = False
        real.keys.changed.add(key)
        real.keys.settle()
    assert sum(isinstance(each, Counter) for each in real.keys._states.values()) == MOST
    real.encoded = 0
    assert len([*real.keys.changes()]) == 100
    assert real.encoded == MOST
