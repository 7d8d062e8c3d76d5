"""Writes a zip archive piece by piece, in constant memory; services layer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import IO, cast
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

# So much is gathered before it is handed on, in bytes.
PIECE = 64 * 1024
# A zip archive knows no time before it.
_OLDEST = (1980, 1, 1, 0, 0, 0)
# For its owner alone, where it is unpacked.
_MODE = 0o600 << 16


class _Sink:
    """A file that can only be written on, and hands out what was written."""

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        self._held += data
        return len(data)

    def flush(self) -> None:
        """Do nothing: what is held is asked for."""

    def is_full(self) -> bool:
        return len(self._held) >= PIECE

    def taken(self) -> bytes:
        data, self._held = bytes(self._held), bytearray()
        return data


def zip_pieces(
    files: Iterable[tuple[str, Iterable[bytes]]],
    made_at: datetime,
    *,
    may_be_huge: bool = True,
) -> Iterator[bytes]:
    """Yield the bytes of an archive of `files`, each a name and its content in parts.

    A file's content is first asked for when its turn comes. `may_be_huge` lets one be
    of more than 2 GiB, in a form that spreadsheet programs do not all read.
    """
    sink = _Sink()
    stamp = max(made_at.astimezone(UTC).timetuple()[:6], _OLDEST)
    # It cannot go back in what it wrote: sizes stand behind each file.
    with ZipFile(cast("IO[bytes]", sink), "w") as archive:
        for name, content in files:
            about = ZipInfo(name, stamp)
            about.compress_type = ZIP_DEFLATED
            about.external_attr = _MODE
            with archive.open(about, "w", force_zip64=may_be_huge) as entry:
                for part in content:
                    entry.write(part)
                    if sink.is_full():
                        yield sink.taken()
    yield sink.taken()
