"""The functions by which values are compared, with one meaning on every engine.

What both engines offer is levenshtein(), but DuckDB's counts bytes, and PostgreSQL's counts characters and takes no
more than 255. So here the first 63 characters of a text are compared, which are at most 252 bytes, byte by byte.
Neither lower() nor taking accents off means the same on both, so what is a letter of its own is said in `letters`.
"""

from __future__ import annotations

from functools import cache

from entity_resolution.kinds import letters, quantities, words
from shared.warehouse import literal

COMPARED_CHARACTERS = 63
# Of the hash of a value that a model keeps.
HASH_CHARACTERS = 12
# Between the items of a list, once it is a text.
SEPARATOR = "\x1f"

BLANKS = literal(letters.BLANKS)
# What separates the parts of a number or code, and is written in many ways.
SEPARATORS = literal(" -./()")
SEPARATED = literal(f"[{letters.BLANKS}./()-]")
MARKS = f"'([a-z])[{letters.MARKS}]+', '\\1', 'g'"


def kept_of(text: str) -> str:
    """Return the expression for what a model keeps of a text, in the SQL of both engines: it may be somebody's name."""
    return f"left(md5({text}), {HASH_CHARACTERS})"


def _conversions(matches: str) -> list[str]:
    """Return what turns the letters of `x`, in one Unicode form, into plain ones, one expression after the other.

    Args:
        matches: The engine's function that tells whether a text holds what a regular expression says.
    """
    steps = [
        f"case when {matches}(x, {literal(f'[{letters.ranges(before)}]')}) "
        f"then translate(x, {literal(before)}, {literal(after)}) else x end"
        for before, after in letters.tables()
    ]
    apart = "x"
    for one, several in letters.APART.items():
        apart = f"replace({apart}, '{one}', '{several}')"
    return [*steps, f"regexp_replace({apart}, {MARKS})"]


def _duckdb_letters() -> str:
    """Return the macro for texts with more than ASCII; steps name their text once, or macros would grow by powers."""
    text = "nfc_normalize(a)"
    for step in _conversions("regexp_matches"):
        text = f"list_transform([{text}], lambda x: {step})[1]"
    return f"create or replace macro plain_letters(a) as {text};"


def _postgres_letters() -> str:
    """Return the function for texts with more than ASCII; without `offset` steps would be worked out over and over."""
    query = "select normalize(a, nfc) as x"
    for step in _conversions("regexp_like"):
        query = f"select {step} as x from ({query} offset 0) as step"
    return f"""
        create or replace function plain_letters(a text) returns text language sql immutable parallel safe as
        $plain${query}$plain$;
    """


@cache
def duckdb() -> str:
    """Return the statements that make them in DuckDB."""
    # A text of no more bytes has no more characters: nothing of it is cut, which takes a fifth of the time. Most texts
    # are ASCII without blanks around them, or missing, which no condition holds for: what others need takes four times
    # as long, even for one missing text among thousands.
    return f"""
    {_duckdb_letters()}
    create or replace macro plain_text(a) as nullif(case
        when strlen(a) > length(a) then trim(plain_letters(a), {BLANKS})
        when a[1] <= ' ' or a[-1] <= ' ' then trim(lower(a), {BLANKS})
        else lower(a) end, '');
    create or replace macro code_text(a) as nullif(case
        when strlen(a) > length(a) or regexp_matches(a, {SEPARATED}) then translate(plain_text(a), {SEPARATORS}, '')
        else lower(a) end, '');
    create or replace macro compared(a) as
        case when strlen(a) > {COMPARED_CHARACTERS} then left(a, {COMPARED_CHARACTERS}) else a end;
    create or replace macro edit_distance(a, b) as levenshtein(compared(a), compared(b));
    create or replace macro edit_similarity(a, b) as
        1 - edit_distance(a, b) / greatest(strlen(compared(a)), strlen(compared(b)));
    create or replace macro shared_parts(a, b, separator) as
        len(list_intersect(string_split(a, separator), string_split(b, separator)));
    create or replace macro share_of_parts(a, b, separator) as
        shared_parts(a, b, separator) / greatest(
            len(list_distinct(string_split(a, separator))), len(list_distinct(string_split(b, separator))));
    {words.duckdb()}
    {quantities.duckdb()}
"""


@cache
def postgres() -> str:
    """Return the statements that make them in PostgreSQL."""
    # Read as LATIN1, each byte is a character. PostgreSQL puts these functions into the query that calls them, but not
    # where one is declared to be more constant than what it calls: convert_to() is `stable`.
    return f"""
    {_postgres_letters()}
    create or replace function plain_text(a text) returns text language sql immutable parallel safe as $$
        select nullif(btrim(
            case when octet_length(a) = length(a) then lower(a collate "C") else plain_letters(a) end, {BLANKS}), '')
    $$;
    create or replace function code_text(a text) returns text language sql immutable parallel safe as $$
        select nullif(translate(plain_text(a), {SEPARATORS}, ''), '')
    $$;
    create or replace function compared(a text) returns text language sql stable parallel safe as $$
        select case
            when octet_length(a) = length(a) then left(a, {COMPARED_CHARACTERS})
            else convert_from(convert_to(left(a, {COMPARED_CHARACTERS}), 'UTF8'), 'LATIN1')
        end
    $$;
    create or replace function edit_distance(a text, b text) returns integer language sql stable parallel safe as $$
        select levenshtein(compared(a), compared(b))
    $$;
    create or replace function edit_similarity(a text, b text) returns float8 language sql stable parallel safe as $$
        select 1 - edit_distance(a, b)::float8 / greatest(length(compared(a)), length(compared(b)))
    $$;
    create or replace function parts_of(a text, separator text) returns setof text
    language sql immutable parallel safe as $$
        select distinct part from unnest(string_to_array(a, separator)) as part
    $$;
    create or replace function shared_parts(a text, b text, separator text) returns bigint
    language sql immutable parallel safe as $$
        select count(*) from (select parts_of(a, separator) intersect select parts_of(b, separator)) as shared
    $$;
    create or replace function share_of_parts(a text, b text, separator text) returns float8
    language sql immutable parallel safe as $$
        select shared_parts(a, b, separator)::float8 / greatest(
            (select count(*) from parts_of(a, separator)), (select count(*) from parts_of(b, separator)))
    $$;
    -- Splink's own takes the logarithm of a numeric, which is exact to more digits than a weight has, and slow.
    create or replace function log2(a float8) returns float8 language sql immutable parallel safe as $$
        select ln(a) / ln(2::float8)
    $$;
    {words.postgres()}
    {quantities.postgres()}
"""


@cache
def spark() -> tuple[str, ...]:
    """Return the statements that make in Spark those by which two values are compared.

    Values are brought into their forms before they go there: nothing in Spark's SQL knows Unicode's forms.
    """
    # Read as ISO-8859-1, each byte is a character. What is split by is read as it is, not as a regular expression.
    made = "create or replace temporary function"
    return (
        f"""{made} compared(a string) returns string return case
            when octet_length(a) = length(a) then left(a, {COMPARED_CHARACTERS})
            else decode(encode(left(a, {COMPARED_CHARACTERS}), 'UTF-8'), 'ISO-8859-1') end""",
        f"{made} edit_distance(a string, b string) returns int return levenshtein(compared(a), compared(b))",
        f"""{made} edit_similarity(a string, b string) returns double return
            1 - edit_distance(a, b) / greatest(length(compared(a)), length(compared(b)))""",
        rf"""{made} parts_of(a string, separator string) returns array<string> return
            array_distinct(split(a, concat('\\Q', separator, '\\E')))""",
        f"""{made} shared_parts(a string, b string, separator string) returns int return
            size(array_intersect(parts_of(a, separator), parts_of(b, separator)))""",
        f"""{made} share_of_parts(a string, b string, separator string) returns double return
            shared_parts(a, b, separator) / greatest(size(parts_of(a, separator)), size(parts_of(b, separator)))""",
        *words.spark(),
        *quantities.spark(),
    )
