"""Fill the demo's ERP database with real data: suppliers, articles and weekly shelf prices of The Complete Journey.

Everything is worked out from the products and the year of sales: a supplier is a manufacturer of the product list, a
price the highest that was asked for one piece of an article in a week, before loyalty discounts. `changed_at` is when
the row came to be: the first sale of a supplier's or article's, the end of a price's week. Seeding again changes only
rows that differ, and stamps those with the present time, as an ERP would.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow as pa
from psycopg2 import extensions, sql

from shared.errors import InputError
from shared.postgres.errors import explained
from shared.utils.console import say, step
from shared.warehouse.postgres_copy import copy_in
from shared.warehouse.provision import create_database
from tasks.postgres.local import Place

ERP = "erp"
READER = "platform_erp_reader"
DEFINITION = Path(__file__).with_name("erp.sql")
# The year of the data begins on 1 January 2017, and its weeks on Sundays from then on.
FIRST_DAY = "date '2017-01-01'"

TABLES: Mapping[str, str] = {
    "suppliers": f"""
        select
            manufacturer_id as supplier_id,
            'Manufacturer ' || manufacturer_id as name,
            cast(count(distinct product_id) as integer) as article_count,
            to_json({{'brands': list_sort(list(distinct brand)), 'departments': list_sort(list(distinct department))}})
                as attributes,
            cast(coalesce(min(transaction_timestamp), {FIRST_DAY}) as timestamptz) as changed_at
        from products left join transactions using (product_id)
        group by manufacturer_id order by manufacturer_id""",
    "articles": f"""
        select
            product_id as article_id,
            manufacturer_id as supplier_id,
            coalesce(product_type, product_category, department) as description,
            department,
            brand,
            package_size,
            cast(min(transaction_timestamp) as date) as listed_on,
            brand = 'Private' as is_own_brand,
            cast(coalesce(min(transaction_timestamp), {FIRST_DAY}) as timestamptz) as changed_at
        from products left join transactions using (product_id)
        group by all order by product_id""",
    "article_prices": f"""
        select
            product_id as article_id,
            cast(week as integer) as week,
            cast(max((sales_value + retail_disc + coupon_match_disc) / quantity) as decimal(12, 4)) as unit_price,
            'USD' as currency,
            cast({FIRST_DAY} + interval 7 days * week as timestamptz) as changed_at
        from transactions where quantity > 0
        group by product_id, week order by product_id, week""",
}
KEYS = {"suppliers": ("supplier_id",), "articles": ("article_id",), "article_prices": ("article_id", "week")}


def seed(where: Place) -> str:
    """Make the ERP's database on a server, bring its tables in line with the demo data, and return its URL.

    Raises:
        InputError: The demo data is not there.
    """
    files = {name: where.settings.landing_dir / "pos" / f"{name}.parquet" for name in ("products", "transactions")}
    missing = [str(file) for file in files.values() if not file.is_file()]
    if missing:
        raise InputError(f"the demo data is missing: `{missing[0]}`", hint="`./pixiw run demo-data` fetches it")
    create_database(where.admin_of(ERP))
    connection = where.admin_of(ERP).connect("postgres-seed")
    try:
        with explained(), connection.cursor() as cursor, duckdb.connect() as calculator:
            cursor.execute(DEFINITION.read_text(encoding="utf-8"))
            calculator.execute("set TimeZone = 'UTC'")
            for name, file in files.items():
                calculator.read_parquet(str(file)).create_view(name)
            for table, query in TABLES.items():
                with step(f"erp.{table}"):
                    rows = calculator.sql(query).to_arrow_table()
                    changed = merge(cursor, table, rows)
                say(f"    {rows.num_rows:,} rows, {changed:,} of them new or changed")
            cursor.execute("analyze")
    finally:
        connection.close()
    where.keep_passwords((READER,))
    return where.url(ERP)


def merge(cursor: extensions.cursor, table: str, rows: pa.Table) -> int:
    """Bring a table of the ERP in line with rows, and return how many were new or differed."""
    names = [name for name in rows.schema.names if name != "changed_at"]
    own = sql.SQL(", ").join(sql.SQL("erp.{}").format(sql.Identifier(table, name)) for name in names)
    new = sql.SQL(", ").join(sql.Identifier("excluded", name) for name in names)
    changes = [sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in names if name not in KEYS[table]]
    cursor.execute("begin")
    cursor.execute(
        sql.SQL("create temporary table incoming (like erp.{}) on commit drop").format(sql.Identifier(table))
    )
    copy_in(cursor, "incoming", rows)
    cursor.execute(
        sql.SQL(
            "insert into erp.{table} select * from incoming on conflict ({key}) do update "
            "set {changes}, changed_at = now() where ({own}) is distinct from ({new})"
        ).format(
            table=sql.Identifier(table),
            key=sql.SQL(", ").join(map(sql.Identifier, KEYS[table])),
            changes=sql.SQL(", ").join(changes),
            own=own,
            new=new,
        )
    )
    changed = int(cursor.rowcount)
    cursor.execute("commit")
    return changed
