"""Bodies: what they hold, and what is refused before it costs anything."""

import contextlib
import gzip
import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convrec.serving.bodies import DEEPEST, MOST_BYTES, BodyError, read_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), JSON, max_size=5), st.sampled_from([None, "identity", "deflate", "gzip"]))
def test_what_was_sent_is_read(content: dict[str, Any], encoding: str | None) -> None:
    body = json.dumps(content).encode()
    packed = {"deflate": zlib.compress, "gzip": gzip.compress}.get(str(encoding), bytes)(body)
    assert read_json(packed, encoding) == content


@given(st.binary(max_size=200), st.sampled_from([None, "deflate", "gzip", "br"]))
def test_whatever_is_sent_is_read_or_refused(body: bytes, encoding: str | None) -> None:
    with contextlib.suppress(BodyError):
        assert isinstance(read_json(body, encoding), dict)


def nested(levels: int) -> bytes:
    return b'{"a":' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"


@pytest.mark.parametrize(
    ("body", "encoding", "status"),
    [
        (b" " * (MOST_BYTES + 1), None, 413),
        (zlib.compress(b"[" + b" " * MOST_BYTES + b"]", 9), "deflate", 413),
        (zlib.compress(b" " * 300_000_000, 9), "deflate", 413),
        (gzip.compress(b" " * (MOST_BYTES + 1)), "gzip", 413),
        (zlib.compress(b"{}")[:-1], "deflate", 400),
        (b"{}", "deflate", 400),
        (b"{}", "br", 415),
        (b"[]", None, 400),
        (b"\xff{}", None, 400),
        (b"", None, 400),
        (nested(DEEPEST + 1), None, 400),
        (nested(100_000), None, 400),
    ],
)
def test_what_is_too_much_is_refused(body: bytes, encoding: str | None, status: int) -> None:
    with pytest.raises(BodyError) as refused:
        read_json(body, encoding)
    assert refused.value.status == status


def test_as_deep_as_may_be() -> None:
    assert read_json(nested(DEEPEST), None)
