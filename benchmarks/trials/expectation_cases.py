"""What the trial of expectations seeds and asks: faults of known number. Rivals import it: standard library alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

ROWS = 1_000_000
ORDERS, CUSTOMERS, BEFORE = "core.orders", "core.customers", "core.orders_before"
NOW = datetime(2026, 1, 4)
LARGE = 9_007_199_254_740_992  # 2 ** 53: a double cannot tell it from the next number.

# Row i of a million is sound, but where one of these windows makes it otherwise.
TABLES = {
    CUSTOMERS: "select i as id, 'r' || (i % 7) as region from range(50000) as t(i)",
    BEFORE: "select i as id, 1.0 * (i % 1000) as amount from range(100000) as t(i)",
    ORDERS: f"""
        select
            case when i between 1000 and 1022 then i - 500 else i end as id,
            i as clean_id,
            case when i between 2000 and 2028 then 900000 + i else i % 50000 end as customer_id,
            i % 50000 as clean_customer_id,
            'r' || (case when i between 3000 and 3010 then 1 + i % 7 else (i % 50000) % 7 end % 7) as region,
            case when i between 4000 and 4019 then 'paid ' when i between 4020 and 4040 then 'Shipped'
                else ['paid', 'shipped', 'returned'][1 + i % 3] end as status,
            ['paid', 'shipped', 'returned'][1 + i % 3] as clean_status,
            case when i between 5000 and 5052 then -1.0 * (1 + i % 50)
                else (i * 7 % 1000) * (i % 100) / 100.0 end as amount,
            case when i between 6000 and 6006 then 'nan'::double when i between 6007 and 6009 then 'inf'::double
                else (i % 101) / 100.0 end as ratio,
            (i % 101) / 100.0 as clean_ratio,
            case when i between 7000 and 7060 then 'nobody' when i between 8000 and 8136 then null
                else 'p' || i || '@example.org' end as email,
            'p' || i || '@example.org' as clean_email,
            case when i between 9000 and 9004 then 'ABC-1234' || chr(10) else 'ABC-' || (1000 + i % 9000) end as code,
            case when i between 10000 and 10002 then {LARGE + 1} else {LARGE} - i end as counter,
            i % 40 as store,
            case when i between 11000 and 11016 then i - 40 else i end as ticket,
            case when i between 12000 and 12056 then null when i % 3 = 1 then timestamp '2026-01-01' end as shipped_at,
            timestamp '2026-01-01' - to_seconds(i) as "Order Date"
        from range({ROWS}) as t(i)
    """,
}


@dataclass(frozen=True)
class Case:
    """A check and what must come of it.

    Attributes:
        kind: As `shared` calls it.
        arguments: As `shared` takes them.
        faults: How many rows fail. Where several numbers are right, by what is counted, all of them; None where the
            table as a whole fails.
        where: An SQL condition for the rows that count.
    """

    name: str
    kind: str
    arguments: dict[str, Any]
    faults: tuple[int, ...] | None
    where: str = ""
    cannot: bool = False

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong, so that whoever finds something raises a false alarm."""
        return self.faults == (0,)


STATUSES = ["paid", "shipped", "returned"]
CODE = "^[A-Z]{3}-[0-9]{4}$"
KEY = {"table": CUSTOMERS, "columns": ["id"]}
WIDE = {"table": CUSTOMERS, "columns": ["id", "region"]}
CASES = (
    Case("nulls", "not_null", {"columns": ["email"]}, (137,)),
    Case("doubled ids", "unique", {"columns": ["id"]}, (46, 23)),
    Case("doubled pairs", "unique", {"columns": ["store", "ticket"]}, (34, 17)),
    Case(
        "words not in a set, two by a blank or a capital alone",
        "in_set",
        {"column": "status", "values": STATUSES},
        (41,),
    ),
    Case("negative numbers", "in_range", {"column": "amount", "minimum": 0}, (53,)),
    Case("NaN and infinity", "in_range", {"column": "ratio", "minimum": 0, "maximum": 1}, (10,)),
    Case("whole numbers beyond a double", "in_range", {"column": "counter", "maximum": LARGE}, (3,)),
    Case("texts not of a form", "matches", {"column": "email", "regex": "^[^@]+@[^@]+$"}, (61,)),
    Case("a line end behind the form", "matches", {"column": "code", "regex": CODE}, (5,)),
    Case("orphans", "foreign_key", {"columns": ["customer_id"], "references": KEY}, (29,)),
    Case(
        "orphans of two columns", "foreign_key", {"columns": ["clean_customer_id", "region"], "references": WIDE}, (11,)
    ),
    Case("nulls where a condition holds", "not_null", {"columns": ["shipped_at"]}, (19,), "clean_status = 'shipped'"),
    Case("too few rows", "row_count", {"minimum": ROWS + 1}, None),
    Case("stale", "freshness", {"column": "Order Date", "within": "1 day", "since": NOW}, None),
    Case(
        "shifted values",
        "distribution_shift",
        {"column": "amount", "baseline": {"table": BEFORE, "column": "amount"}},
        None,
    ),
    Case("a column that is not there", "not_null", {"columns": ["gone"]}, None, cannot=True),
    Case("sound: no nulls", "not_null", {"columns": ["clean_email"]}, (0,)),
    Case("sound: unique", "unique", {"columns": ["clean_id"]}, (0,)),
    Case("sound: in a set", "in_set", {"column": "clean_status", "values": STATUSES}, (0,)),
    Case("sound: in range", "in_range", {"column": "clean_ratio", "minimum": 0, "maximum": 1}, (0,)),
    Case("sound: of a form", "matches", {"column": "clean_email", "regex": "^[^@]+@[^@]+$"}, (0,)),
    Case("sound: no orphans", "foreign_key", {"columns": ["clean_customer_id"], "references": KEY}, (0,)),
)
# What is asked first and timed, and then the check that cannot be made among two that can.
TIMED = tuple(case for case in CASES if not case.cannot)
BESIDE = tuple(case for case in CASES if case.cannot or case.name in ("nulls", "sound: in range"))
