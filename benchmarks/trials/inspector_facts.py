"""What the trial of the inspector seeds, and what is true of it. Rivals import it: standard library alone."""

from __future__ import annotations

from typing import Any

ROWS = 500_000
TABLE = "core.readings"

# Faults of known number, and figures that a double or a count of nanoseconds cannot hold.
SQL = f"""
    select
        case when i between 500 and 522 then i - 100 else i end as id,
        'x' as one_value,
        cast(null as varchar) as no_value,
        case when i % 7 <> 3 then ['paid', 'shipped', 'returned', 'lost', 'new'][1 + (i % 10) // 2] end as status,
        case when i between 1000 and 1136 then null when i between 1200 and 1206 then 'nan'::double
            when i between 1300 and 1302 then 'inf'::double when i between 1400 and 1412 then 1e6
            else (i * 37 % 1000) / 10.0 end as reading,
        case when i between 2000 and 2010 then '' else 'p' || i end as email,
        cast(i * 3 as varchar) as number_as_text,
        cast(date '2020-01-01' + cast(i % 1000 as integer) as varchar) as date_as_text,
        case when i between 3000 and 3099 then null else 9007199254740993 - i end as counter,
        cast(123456789012345.67 - i as decimal(18, 2)) as amount,
        case when i = 7 then date '9999-12-31' else date '2020-01-01' + cast(i % 1000 as integer) end as valid_to,
        timestamp '2026-01-01' - to_seconds(i) as read_at
    from range({ROWS}) as t(i)
"""

# By what a person would ask; a program answers with a value, or leaves out what it does not tell.
TRUE: dict[str, Any] = {
    "rows": ROWS,
    "has one value: one_value": True,
    "has no values: no_value": True,
    "nulls of reading, apart from NaN": 137,
    "NaN of reading": 7,
    "infinite in reading": 3,
    "greatest finite reading": 1e6,
    "outliers of reading": 13,
    "median of reading": 50.0,
    "empty texts of email": 11,
    "number_as_text looks like numbers": True,
    "date_as_text looks like dates": True,
    "greatest counter": 9007199254740993,
    "greatest amount": "123456789012345.67",
    "last valid_to": "9999-12-31",
    "statuses": 5,
    "most frequent status and its rows": ["lost", 85_715],
    "rows too many for the key id": 23,
    "newest row": "2026-01-01",
}
