"""Ids that last: what each id means, on both engines."""

from __future__ import annotations

import random

import duckdb
import pyarrow as pa
import pytest
from conftest import Platform
from registry_histories import Clusters, history, members_of, table_of
from registry_replay import TABLES, replay

from entity_resolution.engine.master import MIGRATIONS
from entity_resolution.engine.registry import Change, next_change
from entity_resolution.engine.registry.registry import State
from shared.warehouse import open_warehouse
from shared.warehouse.migrations import migrate

NOTHING = State(
    present=pa.table({"party_id": pa.array([], pa.string()), "entity_id": pa.array([], pa.string())}),
    history=pa.schema(
        [(name, pa.string()) for name in ("entity_id", "present_id", "status")]
        + [(name, pa.int64()) for name in ("given_in", "ended_in")]
    ).empty_table(),
    former=pa.table({"entity_id": pa.array([], pa.string()), "party_id": pa.array([], pa.string())}),
    revision=0,
)


class Registry:
    """A registry without a warehouse, fed with clusters of one-letter records: `ab c` is one of a and b, one of c."""

    def __init__(self) -> None:
        self.state = NOTHING
        self.change: Change | None = None
        self.connection = duckdb.connect(config={"threads": 1})

    def feed(self, clusters: str) -> dict[str, str]:
        """Give these clusters ids, and return that of each."""
        groups: Clusters = [frozenset(group) for group in clusters.split()]
        self.change = next_change(self.connection, table_of(groups, random.Random(1)), self.state)
        self.state = after(self.connection, self.state, self.change)
        ids = dict(zip(*self.change.ids.to_pydict().values(), strict=True))
        return {"".join(sorted(records)): entity for entity, records in members_of(ids).items()}

    def events(self) -> list[tuple[str, str, str]]:
        """Return id, event and reason of what the last step has changed."""
        assert self.change
        columns = self.change.events.select(["entity_id", "event", "reason"])
        return [tuple(row.values()) for row in columns.to_pylist()]

    def way(self, entity: str) -> set[str | None]:
        """Return where an id leads now."""
        return {row["present_id"] for row in self.state.history.to_pylist() if row["entity_id"] == entity}


def after(connection: duckdb.DuckDBPyConnection, state: State, change: Change) -> State:
    """Return the state after a change, as `publish` makes it of the tables."""

    def replaced(old: pa.Table, ids: pa.Table, new: pa.Table) -> pa.Table:
        for name, table in {"old": old, "ids": ids, "new": new}.items():
            connection.register(name, table)
        return connection.sql("from old anti join ids using (entity_id) union all by name from new").to_arrow_table()

    return State(
        present=change.ids,
        history=replaced(state.history, change.replaced, change.history),
        former=replaced(state.former, change.forgotten, change.former),
        revision=max([state.revision, *change.events["revision"].to_pylist()]),
    )


def test_first_ids() -> None:
    """Each cluster gets an id of its own, which is created and leads to itself."""
    registry = Registry()
    ids = registry.feed("ab c")
    assert ids["ab"] != ids["c"]
    assert registry.events() == sorted([(ids["ab"], "created", "2 new"), (ids["c"], "created", "1 new")])
    assert registry.way(ids["c"]) == {ids["c"]}


def test_the_same_again_is_no_event() -> None:
    """Where nobody came, went or changed places, nothing happens and nothing is to be written."""
    registry = Registry()
    ids = registry.feed("ab c")
    assert registry.feed("c ab") == ids
    assert registry.change
    parts = vars(registry.change) | {"ids": []}
    assert not any(len(part) for part in parts.values())


def test_entity_that_grows_or_shrinks_keeps_its_id() -> None:
    """Whoever joins or leaves, smallest record or not, the entity stays who it is."""
    registry = Registry()
    ids = registry.feed("bc f")
    grown = registry.feed("abc f")
    assert (grown["abc"], grown["f"]) == (ids["bc"], ids["f"])
    assert registry.events() == [(ids["bc"], "grown", "1 new")]
    assert registry.feed("a f")["a"] == ids["bc"]
    assert registry.events() == [(ids["bc"], "shrunk", "2 gone at their source")]


def test_merge_then_split_brings_the_old_ids_back() -> None:
    """The larger one's id stays with the whole, the other leads to it; parted again, both are who they were."""
    registry = Registry()
    ids = registry.feed("ab cd e")
    merged = registry.feed("abcde")["abcde"]
    assert merged in (ids["ab"], ids["cd"])
    assert registry.way(ids["e"]) == {merged}
    assert (ids["e"], "merged", f"1 to {merged}") in registry.events()
    assert registry.feed("ab cd e") == ids
    assert {event for _, event, _ in registry.events()} == {"split", "created"}
    assert registry.way(ids["e"]) == {ids["e"]}


@pytest.mark.parametrize("parted", ["ab cde", "abe cd", "ab cd e"])
def test_old_ids_come_back_to_entities_that_have_grown(parted: str) -> None:
    """Who joined between a merge and the split takes no id from those who had it before."""
    registry = Registry()
    ids = registry.feed("ab cd")
    registry.feed("abcd")
    registry.feed("abcde")
    again = registry.feed(parted)
    assert {records[:2]: entity for records, entity in again.items() if len(records) > 1} == ids


def test_one_after_the_other_merged_and_all_parted() -> None:
    """Ids of several merges come back from one split."""
    registry = Registry()
    ids = registry.feed("ab c d")
    registry.feed("abc d")
    registry.feed("abcd")
    assert registry.feed("ab c d") == ids


def test_larger_part_keeps_the_id() -> None:
    """Of a split the part that has more of the records keeps the id; the other gets one that nobody had."""
    registry = Registry()
    ids = registry.feed("abcde")
    parted = registry.feed("ab cde")
    assert parted["cde"] == ids["abcde"]
    assert parted["ab"] not in ids.values()
    assert registry.events() == sorted(
        [(parted["cde"], "split", f"2 to {parted['ab']}"), (parted["ab"], "created", f"2 from {ids['abcde']}")]
    )


def test_id_is_never_given_twice() -> None:
    """An entity that begins with the record which another one is named by gets an id that nobody had."""
    registry = Registry()
    ids = registry.feed("abc")
    parted = registry.feed("a bc")
    assert parted["bc"] == ids["abc"] != parted["a"]


def test_merge_leaves_a_present_id() -> None:
    """Entities that are merged become one of them, not one that had ended, though that had just these records."""
    registry = Registry()
    ids = registry.feed("abc defg xy")
    registry.feed("abcdefg xy")
    assert ids["abc"] not in registry.feed("bcdefg axy").values()
    assert registry.feed("abc")["abc"] == ids["defg"]


def test_entity_that_only_grows_is_not_who_it_took_in() -> None:
    """An entity that only shrinks and grows stays who it is, though an id that had ended had just these records."""
    registry = Registry()
    ids = registry.feed("abcq dez")
    registry.feed("abcqdez")
    assert registry.feed("de")["de"] == ids["abcq"]
    assert registry.feed("dez")["dez"] == ids["abcq"]


def test_id_asks_for_no_record_that_has_left_it() -> None:
    """An id is not given to a record that has gone elsewhere since a merge, though all others of it are gone."""
    registry = Registry()
    ids = registry.feed("abc de xyz")
    registry.feed("abcde xyz")
    registry.feed("bcde axyz")
    registry.feed("de axyz")
    assert ids["abc"] not in registry.feed("a xyz").values()


def test_id_that_went_to_several_leads_to_all() -> None:
    """An id whose records went to others leads to each of these."""
    registry = Registry()
    ids = registry.feed("ab cdef ghij")
    moved = registry.feed("acdef bghij")
    assert registry.way(ids["ab"]) == {moved["acdef"], moved["bghij"]} == {ids["cdef"], ids["ghij"]}
    assert (ids["ab"], "split", f"1 to {ids['cdef']}; 1 to {ids['ghij']}") in registry.events()


def test_records_that_move_between_entities() -> None:
    """A record that changes from one entity to another makes one smaller and one larger, and no id changes."""
    registry = Registry()
    ids = registry.feed("abc ef")
    moved = registry.feed("ab cef")
    assert (moved["ab"], moved["cef"]) == (ids["abc"], ids["ef"])
    assert registry.events() == sorted(
        [(ids["abc"], "shrunk", f"1 to {ids['ef']}"), (ids["ef"], "grown", f"1 from {ids['abc']}")]
    )


def test_entity_without_records_is_retired_and_comes_back() -> None:
    """An id whose records are all gone leads nowhere, is nobody else's, and is there again when one of them is."""
    registry = Registry()
    ids = registry.feed("ab c")
    registry.feed("c")
    assert registry.events() == [(ids["ab"], "retired", "2 gone at their source")]
    assert registry.way(ids["ab"]) == {None}
    assert registry.feed("bd c")["bd"] == ids["ab"]
    assert registry.events() == [(ids["ab"], "created", "comes back, 2 new")]


def test_merged_id_outlives_its_records() -> None:
    """An id that was merged still leads to the whole when its own records are gone."""
    registry = Registry()
    ids = registry.feed("abc d")
    registry.feed("abcd")
    registry.feed("abc")
    assert registry.way(ids["d"]) == {ids["abc"]}
    registry.feed("")
    assert registry.way(ids["d"]) == registry.way(ids["abc"]) == {None}


def test_reason_is_bounded() -> None:
    """Of many merged entities a reason names ten and counts the others."""
    registry = Registry()
    ids = registry.feed("abc d e f g h i j k l m n o p")
    registry.feed("abcdefghijklmnop")
    (reason,) = [reason for entity, _, reason in registry.events() if entity == ids["abc"]]
    assert reason.count(" from ") == 10
    assert reason.endswith("; and 3 more")


def test_neither_order_nor_names_nor_threads_matter() -> None:
    """The same clusters give the same ids, events and history, however they are called and whatever their order."""
    chance = random.Random(5)
    steps = zip(*(history(f"h{number}", 6, chance) for number in range(20)), strict=True)
    states = [NOTHING, NOTHING]
    for step in steps:
        clusters = [cluster for parts, _ in step for cluster in parts]
        changes = []
        for number, threads in enumerate((1, 4)):
            with duckdb.connect(config={"threads": threads}) as connection:
                change = next_change(connection, table_of(clusters, random.Random(number)), states[number])
                states[number] = after(connection, states[number], change)
            changes.append(change)
        assert vars(changes[0]) == vars(changes[1])


@pytest.mark.slow
def test_random_histories(platform: Platform) -> None:
    """The contract holds in each step of fifty random histories, as master holds them."""
    with open_warehouse(platform.settings, holder="test", role="entity_resolution", mode="write") as warehouse:
        migrate(warehouse, MIGRATIONS)
        replay(warehouse, TABLES, [f"h{number}" for number in range(49)], steps=8, seed=20)
        # And one alone, in which whole changes touch no id.
        for table in (TABLES.xref, TABLES.history, TABLES.former, TABLES.events):
            warehouse.execute(f"delete from {table}")
        replay(warehouse, TABLES, ["alone"], steps=12, seed=3)
