"""Keys come by reference, in three spellings, from places that only their owner reaches."""

from __future__ import annotations

import base64
import os

import pytest
from meshgate import keys
from meshgate.errors import UsageError

KEY = bytes(range(32))


def code(call, *arguments):
    with pytest.raises(UsageError) as caught:
        call(*arguments)
    assert KEY.hex() not in str(caught.value)
    return caught.value.code


@pytest.mark.parametrize(
    "text",
    [KEY.hex(), KEY.hex().upper() + "\n", base64.b64encode(KEY).decode(), f"  {KEY.hex()}  "],
)
def test_hexadecimal_and_base64_are_decoded(tmp_path, text):
    assert keys.load("env:K", tmp_path, {"K": text}) == KEY


def test_other_text_is_taken_as_it_is(tmp_path):
    phrase = "correct horse battery staple, and then some more!"
    assert keys.load("env:K", tmp_path, {"K": phrase}) == phrase.encode()


def test_raw_bytes_of_a_file_are_taken_as_they_are(tmp_path):
    raw = bytes(range(200, 240))
    path = tmp_path / "raw.key"
    path.write_bytes(raw)
    path.chmod(0o600)
    assert keys.load("file:raw.key", tmp_path) == raw
    assert keys.load(f"file:{path}", tmp_path / "elsewhere") == raw


def test_a_new_key_is_random_and_its_owner_s_alone(tmp_path):
    keys.create(tmp_path / "a")
    keys.create(tmp_path / "b")
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600
    a, b = (keys.load(f"file:{name}", tmp_path) for name in "ab")
    assert len(a) == 32
    assert a != b


def test_a_key_is_never_overwritten(tmp_path):
    keys.create(tmp_path / "a")
    assert code(keys.create, tmp_path / "a") == "usage.key_file"


def test_a_key_file_that_others_reach_is_refused(tmp_path):
    keys.create(tmp_path / "a")
    (tmp_path / "a").chmod(0o640)
    assert code(keys.load, "file:a", tmp_path) == "usage.key_mode"


def test_what_is_no_key_file_is_refused(tmp_path):
    assert code(keys.load, "file:missing", tmp_path) == "usage.key_file"
    assert code(keys.load, "file:.", tmp_path) == "usage.key_file"
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert code(keys.load, "file:pipe", tmp_path) == "usage.key_file"


@pytest.mark.parametrize("literal", [KEY.hex(), "", "env:", "file:", "vault:x", "plain"])
def test_a_literal_is_refused_and_not_repeated(tmp_path, literal):
    assert code(keys.load, literal, tmp_path) == "usage.key_literal"


def test_unset_and_short_keys_are_refused(tmp_path):
    assert code(keys.load, "env:K", tmp_path, {}) == "usage.key_unset"
    assert code(keys.load, "env:K", tmp_path, {"K": "short"}) == "usage.key_short"
    assert code(keys.load, "env:K", tmp_path, {"K": KEY[:16].hex()}) == "usage.key_short"


def test_the_key_s_id_is_the_engine_s():
    # The same golden vector as in the engine's own test of its key ring.
    assert keys.key_id(KEY) == "83f1501252dc225a"


def test_derived_keys_are_separate():
    assert len({keys.derive(KEY, "a"), keys.derive(KEY, "b"), keys.derive(bytes(32), "a")}) == 3
    assert len(keys.derive(KEY, "a")) == 32
