"""Texts as words, and which words of two texts are one: written in short, or with one letter that is wrong.

In short, a word is cut (`seas` for seasonal), loses its vowels (`frzn` for frozen), or both (`chkn` for chicken). Its
first letter stays.
"""

from __future__ import annotations

import re

from shared.warehouse import literal

# What stands between words; what stands within one (`baker's`) is no part of it.
BETWEEN, WITHIN = '!"#$%&()*+,-./:;<=>?@[\\]^_{|}~', "'`"
VOWELS = "aeiou"
# A single letter begins too many words; a short word has too many others that are one letter away.
LEAST_SHORT, LEAST_MISTYPED = 2, 4
TEXT = (
    f"nullif(trim(regexp_replace(translate(a, {literal(BETWEEN + WITHIN)}, {literal(' ' * len(BETWEEN))}), "
    "' +', ' ', 'g')), '')"
)
SAME_WORD = f"""case
    when left(x, 1) <> left(y, 1) then false
    when x = y then true
    else spells(x, y) or spells(translate(x, '{VOWELS}', ''), translate(y, '{VOWELS}', ''))
end"""
SPELLS = f"""least(length(x), length(y)) >= {LEAST_SHORT} and (
    starts_with(x, y) or starts_with(y, x)
    or (least(length(x), length(y)) >= {LEAST_MISTYPED} and levenshtein(x, y) = 1)
)"""


def duckdb() -> str:
    """Return the statements that make `words_text` and `words_agree` in DuckDB."""
    return f"""
    create or replace macro words_text(a) as {TEXT};
    create or replace macro spells(x, y) as {SPELLS};
    create or replace macro is_word(x, y) as {SAME_WORD};
    create or replace macro words_begun(few, many) as
        len(list_filter(few, lambda x: contains(' ' || array_to_string(many, ' '), ' ' || left(x, 1))));
    create or replace macro words_found(few, many) as
        len(list_filter(few, lambda x: len(list_filter(many, lambda y: is_word(x, y))) > 0));
    create or replace macro words_enough(few, many, share) as case
        when words_begun(few, many) >= share * len(many) then words_found(few, many) >= share * len(many) else false
    end;
    create or replace macro words_agree(a, b, share) as case
        when len(string_split(a, ' ')) <= len(string_split(b, ' '))
        then words_enough(string_split(a, ' '), string_split(b, ' '), share)
        else words_enough(string_split(b, ' '), string_split(a, ' '), share)
    end;
"""


def postgres() -> str:
    """Return the statements that make `words_text` and `words_agree` in PostgreSQL."""
    return f"""
    create or replace function words_text(a text) returns text language sql immutable parallel safe as $$
        select {TEXT}
    $$;
    create or replace function spells(x text, y text) returns boolean language sql immutable parallel safe as $$
        select {SPELLS}
    $$;
    create or replace function is_word(x text, y text) returns boolean language sql immutable parallel safe as $$
        select {SAME_WORD}
    $$;
    create or replace function count_of_words(a text) returns integer language sql immutable parallel safe as $$
        select length(a) - length(replace(a, ' ', '')) + 1
    $$;
    create or replace function initials(a text) returns text language sql immutable parallel safe as $$
        select regexp_replace(a, '([^ ])[^ ]* ?', '\\1', 'g')
    $$;
    create or replace function words_found(few text, many text) returns bigint
    language sql immutable parallel safe as $$
        select count(distinct place)
        from
            unnest(string_to_array(few, ' ')) with ordinality as one (x, place),
            unnest(string_to_array(many, ' ')) as y
        where is_word(x, y)
    $$;
    create or replace function words_enough(few text, many text, share float8) returns boolean
    language sql immutable parallel safe as $$
        select case
            when count_of_words(few) - length(translate(initials(few), initials(many), ''))
                >= share * count_of_words(many)
            then words_found(few, many) >= share * count_of_words(many)
            else false
        end
    $$;
    -- Without a query of its own, so that PostgreSQL puts it into the one that calls it: most have other initials.
    create or replace function words_agree(a text, b text, share float8) returns boolean
    language sql immutable parallel safe as $$
        select case
            when count_of_words(a) <= count_of_words(b) then words_enough(a, b, share) else words_enough(b, a, share)
        end
    $$;
"""


def spark() -> tuple[str, ...]:
    """Return the statements that make `words_agree` in Spark."""
    made = "create or replace temporary function"
    return (
        # Within a lambda Spark calls none that is made of SQL, so this one is written out.
        f"""{made} words_found(few array<string>, many array<string>) returns int return
            size(filter(few, x -> exists(many, y -> {_written_out()})))""",
        f"""{made} words_agree(a string, b string, share double) returns boolean return case
            when size(split(a, ' ')) <= size(split(b, ' '))
            then words_found(split(a, ' '), split(b, ' ')) >= share * size(split(b, ' '))
            else words_found(split(b, ' '), split(a, ' ')) >= share * size(split(a, ' '))
        end""",
    )


def _written_out() -> str:
    """Return whether `x` and `y` are one word, without the function `spells`."""
    spells = SPELLS.replace("starts_with", "startswith")
    bare = re.sub(r"\b([xy])\b", rf"translate(\1, '{VOWELS}', '')", spells)
    return f"case when left(x, 1) <> left(y, 1) then false when x = y then true else ({spells}) or ({bare}) end"
