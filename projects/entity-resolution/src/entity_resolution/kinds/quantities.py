"""Sizes in one unit: the quantities of a text, as `12 OZ`, `340g` or `6 x 0,33 l`, with one meaning on both engines.

A quantity becomes `dimension:amount`, measures in a small unit and to three digits, so that those who round to whole
grams and those who write ounces mean the same. Everything else is counted in thousandths of its own unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shared.warehouse import literal

# What is measured and not counted, each in a unit so small that the smallest amount is a whole number of them.
MEASURES = MASS, VOLUME, LENGTH, AREA = "mg", "ul", "um", "mm2"
# Of which dimension a unit is, how much of its unit, and how people spell it.
UNITS: tuple[tuple[str, float, Sequence[str]], ...] = (
    (MASS, 1.0, ("mg",)),
    (MASS, 1e3, ("g", "gm", "gr", "gram", "grams")),
    (MASS, 1e6, ("kg", "kilo", "kilos", "kilogram", "kilograms")),
    (MASS, 28349.523125, ("oz", "ozs", "ounce", "ounces")),
    (MASS, 453592.37, ("lb", "lbs", "pound", "pounds", "#")),
    (VOLUME, 1e3, ("ml", "millilitre", "milliliter")),
    (VOLUME, 1e4, ("cl",)),
    (VOLUME, 1e6, ("l", "lt", "ltr", "litre", "liter", "litres", "liters")),
    (VOLUME, 29573.53, ("floz", "fluidounce", "fluidounces")),
    (VOLUME, 473176.473, ("pt", "pint", "pints")),
    (VOLUME, 946352.946, ("qt", "quart", "quarts")),
    (VOLUME, 3785411.784, ("gal", "gallon", "gallons")),
    (LENGTH, 1e3, ("mm",)),
    (LENGTH, 1e4, ("cm",)),
    (LENGTH, 1e6, ("m", "mtr", "metre", "meter", "metres", "meters")),
    (LENGTH, 25400.0, ("in", "inch", "inches", '"')),
    (LENGTH, 304800.0, ("ft", "foot", "feet")),
    (LENGTH, 914400.0, ("yd", "yds", "yard", "yards")),
    (AREA, 92903.04, ("sqft",)),
    (AREA, 1e6, ("sqm",)),
    ("ct", 1.0, ("ct", "cnt", "count", "ea", "each")),
    ("ct", 12.0, ("dz", "dzn", "doz", "dozen")),
    ("pk", 1.0, ("pk", "pks", "pack", "packs")),
    ("pc", 1.0, ("pc", "pcs", "piece", "pieces")),
    # A sign between two numbers, as in `6 x 330 ml`.
    ("", 1.0, ("x",)),
)
# Bounded, so that no amount is too large for a whole number of 64 bits.
NUMBER = r"[0-9]{1,12}(?:[.][0-9]{0,6})?|[.][0-9]{1,6}"
QUANTITY = rf'({NUMBER})[ -]*([a-z#"]*)'
# What is one unit, though it is written in two words; digits in groups of three; a comma for a point.
TIDIED = (
    (r"fl[.]? ?oz", "floz"),
    (r"fluid ounce", "fluidounce"),
    (r"sq[.]? ?ft", "sqft"),
    (r"sq[.]? ?m", "sqm"),
    (r",([0-9]{3})", r"\1"),
    (",", "."),
)
# What a text is that holds one quantity and nothing else.
SINGLE = "'^[^ :]*:[0-9]+$'"
LEFT, RIGHT = (f"cast(split_part({side}, ':', 2) as double precision)" for side in "ab")
NEAR = f"""case
    when a ~ {SINGLE} and b ~ {SINGLE} and split_part(a, ':', 1) = split_part(b, ':', 1)
    then abs({LEFT} - {RIGHT}) <= share * greatest({LEFT}, {RIGHT})
    else false
end"""


def duckdb() -> str:
    """Return the statements that make `quantities_text` and `quantities_near` in DuckDB."""
    # In steps, since a macro works out anew whatever it names twice.
    found = ", ".join(f"regexp_extract_all(a, {literal(QUANTITY)}, {group})" for group in (1, 2))
    measured = f"{{dimension: {_dimension('q[2]')}, amount: {_amount('q[1]', 'q[2]')}}}"
    return f"""
    create or replace macro quantities_found(a) as list_zip({found});
    create or replace macro quantities_of(a) as list_sort(list_transform(
        list_transform(quantities_found({_tidied("a")}), lambda q: {measured}),
        lambda q: {_written("q.dimension", "q.amount")}));
    create or replace macro quantities_text(a) as coalesce(nullif(array_to_string(quantities_of(a), ' '), ''), a);
    create or replace macro quantities_near(a, b, share) as {NEAR};
"""


def postgres() -> str:
    """Return the statements that make `quantities_text` and `quantities_near` in PostgreSQL."""
    return f"""
    create or replace function quantities_text(a text) returns text language sql immutable parallel safe as $$
        select coalesce(
            (
                select string_agg(q, ' ' order by q collate "C") from (
                    select {_written("dimension", "amount")} as q from (
                        select {_dimension("found[2]")} as dimension, {_amount("found[1]", "found[2]")} as amount
                        from regexp_matches({_tidied("a")}, {literal(QUANTITY)}, 'g') as found
                        offset 0
                    ) as measured
                ) as quantity
            ),
            a
        )
    $$;
    create or replace function quantities_near(a text, b text, share float8) returns boolean
    language sql immutable parallel safe as $$
        select {NEAR}
    $$;
"""


def spark() -> tuple[str, ...]:
    """Return the statements that make `quantities_near` in Spark."""
    near = NEAR.replace(" ~ ", " rlike ").replace("cast(", "try_cast(").replace("double precision", "double")
    return (
        f"create or replace temporary function quantities_near(a string, b string, share double) "
        f"returns boolean return {near}",
    )


def _tidied(text: str) -> str:
    """Return the expression for a text in which each quantity is a number with its unit in one word."""
    for pattern, written in TIDIED:
        text = f"regexp_replace({text}, {literal(pattern)}, {literal(written)}, 'g')"
    return text


def _dimension(unit: str) -> str:
    cases = [f"when {unit} in ({_listed(names)}) then {literal(dimension)}" for dimension, _, names in UNITS]
    return f"case {' '.join(cases)} else {unit} end"


def _amount(number: str, unit: str) -> str:
    cases = [f"when {unit} in ({_listed(names)}) then {factor}" for _, factor, names in UNITS]
    return f"cast({number} as double precision) * case {' '.join(cases)} else 1.0 end"


def _written(dimension: str, amount: str) -> str:
    digits = f"greatest(power(10, floor(log10(greatest({amount}, 1))) - 2), 1)"
    # Halves are rounded up by hand, since the engines' round() disagree on them.
    rounded = f"floor({amount} / {digits} + 0.5) * {digits}"
    whole = f"case when {dimension} in ({_listed(MEASURES)}) then {rounded} else floor({amount} * 1000 + 0.5) end"
    return f"{dimension} || ':' || cast(cast({whole} as bigint) as varchar)"


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(map(literal, texts))
