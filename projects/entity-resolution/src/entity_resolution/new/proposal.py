"""What a first declaration says: kinds by the look of values, rules by how many pairs they would make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

import duckdb

from entity_resolution.new.agreement import PAIRS_A_ROW, Compared
from entity_resolution.new.choice import MOST_RULES, Choice, Columns, choose
from entity_resolution.new.latent import learn
from entity_resolution.new.profile import Look
from entity_resolution.new.titles import Titles, titles_in
from shared.errors import UserError

# A value of a class comes so many times at least, and there are so many classes at most.
ROWS_A_CLASS, MOST_CLASSES = 20, 60
# What is empty nearly everywhere tells nothing.
LEAST_FILLED = 0.05
MOST_COLUMNS = 12
# Which share of all pairs of one entity what is sure finds, where nothing is known of it.
RECALL = 0.6
# What coordinates are called, alone or after a prefix, and how far they go.
LATITUDES, LONGITUDES = ("latitude", "lat"), ("longitude", "lon", "lng", "long")
MOST_LATITUDE, MOST_LONGITUDE = 90, 180
# A building and how exactly it is measured, a quarter, a town.
KILOMETRES = (0.1, 1.0, 10.0)


@dataclass(frozen=True)
class Proposal:
    """What a declaration is written from: each part as the code of its items.

    Attributes:
        columns: The columns that are compared.
        compare: Their kinds, as they are written.
        rules: By which pairs are found, and trained.
        duplicate_free: The sources that are held to have a thing once.
        together: Columns whose values are to survive from one record, as those of a place.
        repeated: The columns that are not compared, as they say what others say, and these.
    """

    columns: Columns
    compare: tuple[str, ...]
    rules: Choice
    duplicate_free: tuple[str, ...] = ()
    together: tuple[Columns, ...] = ()
    repeated: Mapping[str, Columns] = field(default_factory=dict)


def kind_of(look: Look) -> str | None:
    """Return the kind of a column as it is written, None where there is nothing to compare."""
    if look.distinct < 2 or look.filled < look.rows * LEAST_FILLED or look.kind in ("timestamp", "boolean", "binary"):
        return None
    if look.kind == "date":
        return f'Date("{look.name}")'
    if look.is_list:
        return f'Items("{look.name}")'
    if look.distinct <= MOST_CLASSES and look.filled >= look.distinct * ROWS_A_CLASS:
        return f'Category("{look.name}")'
    if look.kind in ("integer", "decimal", "float"):
        return _kind_of_number(look)
    if look.kind != "text":
        return None
    if look.digits > 0.5:
        return f'Identifier("{look.name}")'
    return f'Words("{look.name}")' if look.words >= 2.5 else f'Name("{look.name}")'


def propose(
    connection: duckdb.DuckDBPyConnection, looks: Sequence[Look], rows: int, source: str | None = None
) -> Proposal:
    """Return what to declare of columns, by what agreeing in them comes to.

    Args:
        connection: Where the rows that were looked at are.
        looks: The columns that may be compared.
        rows: How many rows there are in all.
        source: The column that names the source.

    Raises:
        UserError: There are less than two columns to compare, and no titles.
    """
    kinds = {look.name: kind for look in looks if (kind := kind_of(look))}
    texts = [look for look in looks if kinds.get(look.name, "").startswith("Words")]
    others = [look for look in looks if kinds.get(look.name, "").startswith(("Name", "Identifier", "Date", "Number"))]
    titles = titles_in(connection, texts, source, others)
    # Titles tell by their words, and their codes beside them.
    if len(kinds) < 2 and titles is None:
        raise UserError(
            f"there are less than two columns to compare: `{', '.join(kinds) or 'none'}`",
            hint="records are compared by names, dates, codes or texts that are not all the same, filled in at least "
            "one row of twenty, or by titles alone, of which 100 at least resemble another one",
        )
    compared = Compared(connection, [look for look in looks if look.name in kinds], rows)
    # Those that say most by being equal first, as they make the fewest pairs for what is filled in.
    filled = {look.name: look.filled for look in looks}
    equal = [name for name, kind in kinds.items() if not kind.startswith(("Items", "Number"))] or list(kinds)
    told = {name: compared.pairs([name]) / max(filled[name], 1) ** 2 for name in equal}
    telling = sorted(equal, key=lambda name: (told[name], name))[:MOST_COLUMNS]
    columns = tuple(name for name in kinds if name in telling or name not in equal)
    places = tuple(_places([look for look in looks if look.name in columns]))
    # A place alone is less than two things to compare.
    places = places if len(columns) - len(places) > 1 else ()
    longitudes = {longitude for _, longitude in places}
    rules = None
    if titles is None or titles.are_equal:
        # Who agrees in a latitude agrees in the place: counted twice, it would be two agreements.
        found = compared.agreement([name for name in columns if name not in longitudes])
        rules = choose(found, learn(found))
    telling, names = ([name for name in some if name not in longitudes] for some in (telling, kinds))
    rules = rules or _by_rarity(telling, names, compared)
    if titles is None or rules.reached is not None:
        return Proposal(columns, _compare(kinds, columns, places), rules, together=places)
    if not titles.duplicate_free:
        titles = replace(titles, rules=_with_others(titles, rules))
    columns = tuple(name for name in columns if name not in titles.repeated)
    compare = (*_compare({**kinds, titles.name: titles.kinds[0]}, columns, places), *titles.kinds[1:])
    repeated = dict.fromkeys(titles.repeated, (titles.name,))
    return Proposal(columns, compare, titles.rules, titles.duplicate_free, places, repeated)


def _with_others(titles: Titles, rules: Choice) -> Choice:
    """Return the rules of titles with those of what is no title, as it may tell as well."""
    said = {titles.name, *titles.repeated}
    block, sessions = ([rule for rule in some if not said & {*rule}] for some in (rules.block, rules.sessions))
    among = titles.rules.sessions
    # Of two whose titles share a rare word alone fewer are the same than of those that agree in what bears titles out.
    if titles.is_borne_out and sessions:
        among = (among[0], sessions[0])
    return replace(titles.rules, block=(*titles.rules.block, *block), sessions=among)


def _places(looks: Sequence[Look]) -> Iterator[tuple[str, str]]:
    """Return the columns of latitudes, and of longitudes beside them, by their names and values."""
    numbers = {look.name: look for look in looks if look.kind in ("integer", "decimal", "float")}
    for look in numbers.values():
        prefix, _, last = look.name.rpartition("_")
        if last in LATITUDES and max(abs(look.smallest), abs(look.largest)) <= MOST_LATITUDE:
            others = (numbers.get("_".join(filter(None, (prefix, name)))) for name in LONGITUDES)
            beside = next(filter(None, others), None)
            if beside and max(abs(beside.smallest), abs(beside.largest)) <= MOST_LONGITUDE:
                yield look.name, beside.name


def _compare(kinds: Mapping[str, str], columns: Columns, places: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Return how columns are compared, as it is written; those of a place as one."""
    longitudes = dict(places)
    written = {
        **kinds,
        **{name: f'Place("{name}", "{other}", kilometres={KILOMETRES})' for name, other in longitudes.items()},
    }
    return tuple(written[name] for name in columns if name not in longitudes.values())


def _by_rarity(telling: Sequence[str], names: Sequence[str], compared: Compared) -> Choice:
    """Return rules of columns whose values few rows share: what is left where nothing is known of which rows are the
    same.
    """
    alone = [name for name in telling if compared.pairs([name]) <= PAIRS_A_ROW * compared.rows]
    rest = combinations([name for name in telling if name not in alone], 2)
    both = [each for each in rest if compared.pairs(each) <= PAIRS_A_ROW * compared.rows]
    block = (*((name,) for name in alone), *both)[:MOST_RULES] or (tuple(telling),)
    first, *others = telling
    second = others[:2] or [name for name in names if name != first][:1]
    return Choice(block, tuple((first, each) for each in second), ((first,), tuple(second)), RECALL)


def _kind_of_number(look: Look) -> str:
    if look.kind == "integer" and look.smallest >= 1000 and look.largest <= 2200:
        return f'Number("{look.name}", within=(1.0, 5.0))'
    if look.kind == "integer" and look.largest >= 10_000:
        return f'Identifier("{look.name}")'
    step = max((look.largest - look.smallest) / 100, 1e-6)
    return f'Number("{look.name}", within=({step:.3g}, {step * 5:.3g}))'.replace("e+", "e")
