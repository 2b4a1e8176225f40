"""The functions by which texts are compared, with one meaning on both engines.

What both engines offer is levenshtein(), but DuckDB's counts bytes, and PostgreSQL's counts characters and takes no
more than 255. So here the first 63 characters of a text are compared, which are at most 252 bytes, byte by byte.
"""

from __future__ import annotations

COMPARED_CHARACTERS = 63

DUCKDB = f"""
    create macro edit_distance(a, b) as
        levenshtein(left(a, {COMPARED_CHARACTERS}), left(b, {COMPARED_CHARACTERS}));
    create macro edit_similarity(a, b) as
        1 - edit_distance(a, b)
        / greatest(strlen(left(a, {COMPARED_CHARACTERS})), strlen(left(b, {COMPARED_CHARACTERS})));
"""

# Read as LATIN1, each byte is a character. PostgreSQL puts these functions into the query that calls them, but not
# where one is declared to be more constant than what it calls: convert_to() is `stable`.
POSTGRES = f"""
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
    -- Splink's own takes the logarithm of a numeric, which is exact to more digits than a weight has, and slow.
    create or replace function log2(a float8) returns float8 language sql immutable parallel safe as $$
        select ln(a) / ln(2::float8)
    $$;
"""
