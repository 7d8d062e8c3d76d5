"""What a process is to the installation in its database, case by case."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.rules.installation.identity import (
    HereFacts,
    KnownHost,
    Recorded,
    Standing,
    stand,
)

HOME = HereFacts(place="p1", machine="m1", address="a1", database="d1", is_server=True)
RECORDED = Recorded(database="d1", is_copy=False, hosts={"p1": KnownHost("m1", "a1")})
CONTAINER = replace(HOME, machine="")
CONTAINERS = replace(RECORDED, hosts={"p1": KnownHost("", "a1")})
FILE = replace(HOME, is_server=False)

CASES = {
    "a reboot changes none of the facts": (HOME, RECORDED, Standing.AT_HOME),
    "the settings name the same server otherwise": (
        replace(HOME, address="a2"),
        RECORDED,
        Standing.AT_HOME,
    ),
    "a container anew, with its folder": (CONTAINER, CONTAINERS, Standing.AT_HOME),
    "a container anew, without its folder": (
        replace(CONTAINER, place=""),
        CONTAINERS,
        Standing.JOINS,
    ),
    "the file was lost": (replace(HOME, place=""), RECORDED, Standing.JOINS),
    "a machine takes the place of the last one": (
        replace(HOME, place="", machine="m2"),
        RECORDED,
        Standing.ELSEWHERE,
    ),
    "the folder was copied to another machine": (
        replace(HOME, machine="m2"),
        RECORDED,
        Standing.ELSEWHERE,
    ),
    "a dump restored elsewhere": (
        replace(HOME, place="", machine="m2", database="d2"),
        RECORDED,
        Standing.ELSEWHERE,
    ),
    "a dump and the folder restored elsewhere": (
        replace(HOME, machine="m2", database="d2"),
        RECORDED,
        Standing.ELSEWHERE,
    ),
    "a dump restored beside it, for another copy of the program": (
        replace(HOME, address="a2", database="d2"),
        RECORDED,
        Standing.ELSEWHERE,
    ),
    "a dump restored where the database lay": (
        replace(HOME, database="d2"),
        RECORDED,
        Standing.RESTORED,
    ),
    "the same in containers, which cannot be told from another host's": (
        replace(CONTAINER, database="d2"),
        CONTAINERS,
        Standing.ELSEWHERE,
    ),
    "a file copied into another container": (
        replace(FILE, place="", machine="", database="d2"),
        CONTAINERS,
        Standing.ELSEWHERE,
    ),
    "a file without its folder, in a container": (
        replace(FILE, place="", machine=""),
        CONTAINERS,
        Standing.ELSEWHERE,
    ),
    "a copy stays one, wherever it is": (
        HOME,
        replace(RECORDED, is_copy=True),
        Standing.COPY,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_standing_is_that_of_the_table(case: str) -> None:
    here, recorded, expected = CASES[case]
    assert stand(here, recorded, is_vouched_for=False) == expected


def test_database_without_installation_is_claimed() -> None:
    assert stand(HOME, None, is_vouched_for=False) == Standing.NEW


def test_second_host_joins_where_the_first_is_seen_at_work() -> None:
    second = replace(HOME, place="", machine="m2")
    assert stand(second, RECORDED, is_vouched_for=False) == Standing.ELSEWHERE
    assert stand(second, RECORDED, is_vouched_for=True) == Standing.JOINS


@given(
    place=st.sampled_from(["", "p1", "p2"]),
    machine=st.sampled_from(["", "m1", "m2"]),
    address=st.sampled_from(["a1", "a2"]),
    is_server=st.booleans(),
    is_vouched_for=st.booleans(),
)
def test_other_database_works_only_on_the_same_host_at_the_same_place(
    place: str, machine: str, address: str, is_server: bool, is_vouched_for: bool
) -> None:
    here = HereFacts(place, machine, address, "d2", is_server)
    is_same = (place, machine, address) == ("p1", "m1", "a1")
    standing = stand(here, RECORDED, is_vouched_for=is_vouched_for)
    assert standing.may_work == is_same
