"""Reads the rows of a file of columns, whatever they are; storefronts layer.

The first line names the columns; "sep=;" may stand above it. Commas, semicolons or tabs
part them. What spreadsheets put around a cell is taken off, and each row knows the line
on which it begins.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from channels_amazon.rules.pasted_ids import tidy
from channels_amazon.storefronts.catalogue import StorefrontError
from channels_amazon.storefronts.file_text import lines_of
from channels_amazon.wording import Sentence, sentence

_SEPARATORS = "\t;,"
_SEP_LINE = re.compile(r"\"?sep=(.)\"?\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that a kind of file has.

    `names` are the accepted headings, folded by `folded`, and the column that each one
    means. Of each group in `needed` one must be there. `kind` begins error codes.
    """

    kind: str
    names: Mapping[str, str]
    needed: Sequence[Sequence[str]]
    most_rows: int


@dataclass(frozen=True, slots=True)
class FileRow:
    """A row: the line on which it begins, and its cells by column, "" for none."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RejectedCell:
    """What of a row cannot be taken, and why; `column` is "" for all of it."""

    line: int
    column: str
    value: str
    reason: Sentence


@dataclass(slots=True)
class Table:
    """The rows of a file, and those that are none.

    `headings` are the file's own names of the columns that are read.
    """

    headings: Mapping[str, str]
    rows: list[FileRow] = field(default_factory=list)
    rejected: list[RejectedCell] = field(default_factory=list)


def folded(heading: str) -> str:
    """Return a heading without case, spaces and punctuation."""
    return re.sub(r"[\s_\-.#:：/()（）\ufeff]", "", heading).casefold()


def names_of(headings: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Return the columns by their folded headings; each column is one of its own."""
    return {
        folded(one): column
        for column, others in headings.items()
        for one in (column, *others)
    }


def read_table(text: str, columns: Columns) -> Table:
    """Return the file's rows; raises StorefrontError for what is no such file."""
    lines = lines_of(text)
    offset, separator, header = _header(lines)
    counted = _Counted([header], lines, offset)
    # Strict: a quote that is never closed would swallow all that follows.
    reader = csv.reader(counted, delimiter=separator, strict=True)
    names = _names(next(_records(reader, counted, lambda _one: None), (0, []))[1])
    wanted = _wanted(names, columns)
    own = {name: names[place] for place, name in enumerate(wanted) if name}
    table = Table({name: tidy(heading) for name, heading in own.items()})
    for line, fields in _records(reader, counted, table.rejected.append):
        if len(table.rows) + len(table.rejected) >= columns.most_rows:
            raise StorefrontError(
                f"{columns.kind}.too_long",
                sentence(
                    "The file has more than %(most)d lines: split it.",
                    most=columns.most_rows,
                ),
            )
        if any(tidy(one) for one in fields[len(wanted) :]):
            reason = sentence("The line has more fields than the first line.")
            table.rejected.append(RejectedCell(line, "", _shown(fields), reason))
            continue
        found = zip(wanted, fields, strict=False)
        cells = {name: cell_of(value) for name, value in found if name}
        table.rows.append(FileRow(line, {name: "" for name in own} | cells))
    return table


def cell_of(value: str) -> str:
    """Return a cell without what spreadsheets put around it: ="…", '…, wide spaces."""
    cell = tidy(value)
    return tidy(cell[1:]) if cell[:1] in {"'", "’"} else cell


class _Counted:
    """Lines that know how many of the file were read so far."""

    def __init__(self, first: Iterable[str], rest: Iterator[str], before: int) -> None:
        self._first, self._rest = iter(first), rest
        self.read = before

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._first, None)
        if line is None:
            line = next(self._rest)
        self.read += 1
        return line


def _header(lines: Iterator[str]) -> tuple[int, str, str]:
    """Return how many lines stand above the first one, the separator, and that line."""
    above, said = 0, ""
    for line in lines:
        if found := _SEP_LINE.fullmatch(line):
            said = found[1]
        elif line.strip(" \t;,\r\n\ufeff"):
            return above, said or max(_SEPARATORS, key=line.count), line
        above += 1
    return above, ",", ""


def _records(
    reader: Iterator[list[str]],
    counted: _Counted,
    reject: Callable[[RejectedCell], object],
) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that hold anything, each with the line on which it begins."""
    while True:
        line = counted.read + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            reject(RejectedCell(line, "", "", _why(error, counted.read - line)))
            continue
        if any(tidy(one) for one in fields):
            yield line, fields


def _why(error: csv.Error, more: int) -> Sentence:
    if "unexpected end" in str(error) and more > 0:
        return sentence(
            "A quotation mark opens on this line and is never closed: this line and "
            "the %(count)s below it are not read.",
            count=more,
        )
    return sentence("The line is not CSV.")


def _names(header: Sequence[str]) -> list[str]:
    return [tidy(one) for one in header]


def _wanted(names: Sequence[str], columns: Columns) -> list[str]:
    """Return the column of each heading, "" for one that is not read."""
    wanted = [columns.names.get(folded(name), "") for name in names]
    doubled = sorted({name for name in wanted if name and wanted.count(name) > 1})
    if doubled:
        pairs = zip(names, wanted, strict=True)
        twice = [name for name, column in pairs if column in doubled]
        raise StorefrontError(
            f"{columns.kind}.columns",
            sentence("These columns mean the same: %(names)s.", names=", ".join(twice)),
        )
    missing = [group for group in columns.needed if not set(group) & set(wanted)]
    if missing:
        raise StorefrontError(
            f"{columns.kind}.columns",
            sentence(
                "The first line must name the columns. Missing: %(names)s.",
                names=", ".join(" / ".join(group) for group in missing),
            ),
        )
    return wanted


def _shown(fields: Sequence[str]) -> str:
    return " ".join(map(tidy, fields))[:80]
