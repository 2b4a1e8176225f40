"""What the rules of models empty is counted, kept, shown, and more than it should be is a warning."""

from __future__ import annotations

import json
from typing import Any

from platforms import NO_TESTS, Platform

COUNTS = "select count(*), count(date_of_birth), count(*) filter (where {}) from raw.crm_customers"
DETAIL = (
    "select detail from ops.run_output join ops.run using (run_id) "
    "where relation = 'staging.cln_crm_customers' order by sequence desc limit 1"
)


def emptied(platform: Platform) -> dict[str, dict[str, Any]]:
    """Return what the last build's ledger entry says that the CRM's rules have emptied, by rule."""
    ((detail,),) = platform.sql(DETAIL)
    return {entry.pop("rule"): entry for entry in json.loads(detail)["emptied"]}


def test_emptied_values_are_counted_by_column_and_rule(on_core: Platform) -> None:
    """Each build enters how many values each rule emptied, of how many; too large a share is told as a warning."""
    impossible = "substr(date_of_birth, 5, 2) > '12'"
    on_core.sql(
        "update raw.crm_customers set date_of_birth = null where right(customer_id, 1) = '1'",
        "update raw.crm_customers set date_of_birth = '19801340' where right(customer_id, 1) = '2'",
        "update raw.crm_customers set date_of_birth = '18501231' where right(customer_id, 1) not in ('1', '2', '3')",
        role="ingress",
    )
    ((rows, given, no_date),) = on_core.sql(COUNTS.format(impossible))
    ((_, _, early),) = on_core.sql(COUNTS.format("date_of_birth = '18501231'"))
    done = on_core.transform("build", "core", "--select", "cln_crm_customers", *NO_TESTS)
    assert done.code == 0, done.err
    found = emptied(on_core)
    assert found["a date that no calendar has"]["given"] == given < rows
    assert found["a date that no calendar has"]["emptied"] >= no_date > 0
    before = found["before 1900 or after the load"]
    assert before["given"] == given - found["a date that no calendar has"]["emptied"]
    assert before["emptied"] >= early > 0.05 * given
    share = before["emptied"] / before["given"]
    assert (
        f"warning: staging.cln_crm_customers: {share:.1%} of `date_of_birth` emptied "
        f"({before['emptied']:,} of {before['given']:,}): before 1900 or after the load"
    ) in done.err


def test_share_within_its_bound_is_no_warning(on_core: Platform) -> None:
    """What a rule empties of the demo's customers is within its bound: it is told, and no more."""
    for entry in emptied(on_core).values():
        assert entry["emptied"] <= entry["at_most"] * entry["given"]
    assert "of `date_of_birth` emptied" in on_core.told
    assert "warning: " not in on_core.told
