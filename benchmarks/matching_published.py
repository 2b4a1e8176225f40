"""Records with a truth that others have published, for `matching.py`: inventors, and residents of a made country."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from packages import environment_with, files_of
from patentsview import FILE, WHEEL

from shared.utils.processes import run

PSEUDOPEOPLE = "pseudopeople==1.3.1"
# Left out: what tells patents, not inventors (numbers, dates of grant, claims), and `block`, made of the truth.
INVENTORS = """
    select
        mention_id as record, unique_id as entity,
        raw_inventor_name_first as first_name, raw_inventor_name_last as last_name,
        raw_city as city, raw_state as state, raw_country as country,
        list_filter(raw_assignee_organization, lambda name: name is not null) as assignees,
        list_transform(
            list_zip(coinventor_name_first, coinventor_name_last), lambda name: concat_ws(' ', name[1], name[2])
        ) as inventors,
        list_distinct(cpc_subclass) as classes,
        filing_date, patent_type, patent_title as title
    from '{folder}/pv-data.parquet' inner join '{folder}/pv-reference.parquet' using (mention_id)
    where unique_id is not null
    order by mention_id
"""
# Runs in an environment of its own.
GENERATE = """
import sys
import pandas
import pseudopeople

files = []
for name, year in (("decennial_census", 2020), ("decennial_census", 2030), ("taxes_w2_and_1099", 2030)):
    made = getattr(pseudopeople, "generate_" + name)(seed=7, year=year, verbose=False)
    made.columns = [column.removeprefix("mailing_address_") for column in made.columns]
    made["source_system"] = f"{name}_{year}"
    made["record"] = [f"{name}_{year}-{place}" for place in range(len(made))]
    files.append(made.rename(columns={"simulant_id": "entity"}))
kept = ["record", "entity", "source_system", "first_name", "middle_initial", "last_name", "age", "date_of_birth"]
kept += ["street_number", "street_name", "unit_number", "po_box", "city", "state", "zipcode", "sex", "race_ethnicity"]
kept += ["relationship_to_reference_person", "housing_type"]
pandas.concat(files, ignore_index=True)[kept].astype("string").to_parquet(sys.argv[1], index=False)
"""


def inventors(folder: Path) -> pa.Table:
    """Return the mentions of PatentsView whose inventor is known: 13,467 of 401, up to 1,064 each."""
    files = (files_of(WHEEL, folder) / FILE).parent
    with duckdb.connect() as connection:
        return connection.sql(INVENTORS.format(folder=files)).to_arrow_table()


def residents(folder: Path) -> pa.Table:
    """Return pseudopeople's sample of two censuses, ten years apart, and the tax forms of the year of the second.

    32,315 records, with the noise that pseudopeople adds by default. Tax forms have neither date of birth nor sex, and
    one person several. Left out are the numbers of persons (the truth), households and employers, and the social
    security number, which tax forms alone have.
    """
    target = folder / "residents.parquet"
    commands = environment_with(folder / "environment", [PSEUDOPEOPLE])
    done = run([str(commands / "python"), "-c", GENERATE, str(target)], seconds=600.0, cwd=folder)
    if done.returncode:
        raise SystemExit(done.stderr[-500:])
    return pq.read_table(target)
