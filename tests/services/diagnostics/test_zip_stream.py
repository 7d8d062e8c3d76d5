"""The zip archive that is written piece by piece."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random

from channels_amazon.services.diagnostics.zip_stream import PIECE, zip_pieces

AT = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


def test_archive_holds_each_file_as_it_was_given() -> None:
    files = [("a.txt", [b"one", b"two"]), ("b.txt", []), ("语.txt", ["字".encode()])]

    whole = b"".join(zip_pieces(files, AT))

    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["a.txt", "b.txt", "语.txt"]
        assert archive.read("a.txt") == b"onetwo"
        assert archive.read("语.txt").decode() == "字"
        assert archive.getinfo("a.txt").date_time == (2026, 11, 30, 12, 0, 0)


def test_pieces_come_while_a_file_is_still_being_made() -> None:
    noise = Random(1)  # noqa: S311
    made: list[int] = []

    def content() -> Iterator[bytes]:
        for number in range(100):
            made.append(number)
            yield noise.randbytes(PIECE // 4)

    pieces = zip_pieces([("big.bin", content())], AT)
    first = next(pieces)
    made_by_then = len(made)

    rest = list(pieces)
    assert made_by_then < 10
    assert max(len(piece) for piece in [first, *rest]) < 3 * PIECE
    with zipfile.ZipFile(io.BytesIO(b"".join([first, *rest]))) as archive:
        assert archive.getinfo("big.bin").file_size == 100 * (PIECE // 4)


def test_time_before_all_archives_is_the_oldest_they_know() -> None:
    whole = b"".join(zip_pieces([("a", [b"x"])], datetime(1970, 1, 1, tzinfo=UTC)))

    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert archive.getinfo("a").date_time[0] == 1980
