"""What is sent to the CRM, what is not, and what is kept of its answers."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from conftest import CUSTOMERS, DUCKDB_ONLY, MAKE_MODELS, Egress, Sql
from crm_server import Crm, leave_out_last, serving

TABLE = "egress.retl_crm_customers"
CHANGE_ONE = f"update {TABLE} set baskets = 99 where customer_id = 'C-00003'"


def sent_ids(crm: Crm) -> list[list[str]]:
    """Return the ids of each request's rows."""
    return [[row["customer_id"] for row in batch] for batch in crm.batches]


def test_first_run_sends_every_row_once(crm: Crm, egress: Egress, sql: Sql) -> None:
    """The first delivery sends all rows in chunks and marks each of them as delivered."""
    assert egress("run", "--target", "crm") == 0
    assert [len(batch) for batch in crm.batches] == [4, 4, 2]
    assert len(crm.customers) == CUSTOMERS
    assert sql("select count(*), count(distinct row_key), min(status), max(status) from ops.delivery") == [
        (CUSTOMERS, CUSTOMERS, "delivered", "delivered")
    ]


@DUCKDB_ONLY
@pytest.mark.parametrize(("before", "after"), [("null", "''"), ("''", "null"), ("'a'", "'A'")])
def test_each_difference_counts_as_a_change(crm: Crm, egress: Egress, sql: Sql, before: str, after: str) -> None:
    """Null, an empty text and another case are different contents."""
    update = "update egress.retl_crm_customers set loyalty_member_id = {} where customer_id = 'C-00001'"
    sql(update.format(before))
    egress("run", "--target", "crm")
    crm.batches.clear()
    sql(update.format(after))
    egress("run", "--target", "crm")
    assert sent_ids(crm) == [["C-00001"]]


@DUCKDB_ONLY
def test_text_moved_between_columns_is_a_change(crm: Crm, egress: Egress, sql: Sql) -> None:
    """Values that only together look the same are told apart."""
    update = "update egress.retl_crm_customers set entity_id = $1, loyalty_member_id = $2 where customer_id = 'C-00001'"
    sql(update, "a:1", "b")
    egress("run", "--target", "crm")
    crm.batches.clear()
    sql(update, "a", "1:b")
    egress("run", "--target", "crm")
    assert sent_ids(crm) == [["C-00001"]]


def test_column_order_is_no_change(crm: Crm, egress: Egress, transform: Callable[[str], None]) -> None:
    """A model whose columns change places is not sent again."""
    egress("run", "--target", "crm")
    crm.keys.clear()
    names = "loyalty_member_id, last_purchase_date, baskets, lifetime_sales, entity_id, customer_id"
    transform(f"alter table {TABLE} rename to old;\ncreate table {TABLE} as select {names} from egress.old")
    assert egress("run", "--target", "crm") == 0
    assert crm.keys == []


def test_payload_is_exact(crm: Crm, egress: Egress) -> None:
    """Money arrives as text with two decimals, dates as ISO 8601, null as null, counts as numbers."""
    egress("run", "--target", "crm")
    assert crm.customers["C-00003"] == {
        "customer_id": "C-00003",
        "entity_id": "E-3",
        "lifetime_sales": "3.30",
        "baskets": 3,
        "last_purchase_date": "2017-01-04",
        "loyalty_member_id": None,
    }


def test_full_sends_all_rows_again(crm: Crm, egress: Egress) -> None:
    """`--full` sends every row though nothing has changed, and the CRM does not take it for the old delivery."""
    egress("run", "--target", "crm")
    assert egress("run", "--target", "crm", "--full") == 0
    assert crm.changes == 2 * CUSTOMERS


@DUCKDB_ONLY
def test_content_that_goes_back_is_delivered(crm: Crm, egress: Egress, sql: Sql) -> None:
    """Content that was delivered before another one is sent under a new key, so that the CRM takes it."""
    egress("run", "--target", "crm")
    for baskets in (99, 3, 99, 3):
        sql("update egress.retl_crm_customers set baskets = $1 where customer_id = 'C-00003'", baskets)
        egress("run", "--target", "crm")
        assert crm.customers["C-00003"]["baskets"] == baskets
    assert len(set(crm.keys)) == len(crm.keys)


@DUCKDB_ONLY
def test_another_address_is_the_same_target(crm: Crm, egress: Egress, monkeypatch: pytest.MonkeyPatch) -> None:
    """The send state is filed under the target's name: a CRM that has moved to another port gets nothing anew."""
    egress("run", "--target", "crm")
    with serving() as moved:
        monkeypatch.setenv("CRM_API_URL", moved.url)
        assert egress("run", "--target", "crm") == 0
        assert moved.keys == []


@DUCKDB_ONLY
def test_another_name_is_another_target(crm: Crm, egress: Egress, monkeypatch: pytest.MonkeyPatch) -> None:
    """A target with another name has a send state of its own."""
    egress("run", "--target", "crm")
    monkeypatch.setenv("CRM_TARGET_NAME", "crm_test")
    assert egress("run", "--target", "crm_test") == 0
    assert len(crm.keys) == 6


@DUCKDB_ONLY
def test_another_warehouse_has_a_send_state_of_its_own(
    crm: Crm, egress: Egress, sql: Sql, transform: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one warehouse has delivered says nothing about another one, and the CRM does not mix them up."""
    egress("run", "--target", "crm")
    monkeypatch.setenv("WAREHOUSE_URL", "duckdb:///data/other.duckdb")
    transform(MAKE_MODELS)
    assert egress("run", "--target", "crm") == 0
    assert sql("select count(*) from ops.delivery") == [(CUSTOMERS,)]
    assert crm.changes == 2 * CUSTOMERS


def test_rejected_rows_go_to_the_quarantine(crm: Crm, egress: Egress, sql: Sql) -> None:
    """A row that the CRM rejects is kept with the API's reason and its payload, and the others are delivered."""
    crm.rejects["C-00003"] = "unknown country"
    assert egress("run", "--target", "crm") == 0
    rows = sql("select source, resource, origin, reason, payload from ops.quarantine where resolved_at is null")
    assert [row[:4] for row in rows] == [("egress", "crm", TABLE, "unknown country")]
    assert json.loads(rows[0][4])["lifetime_sales"] == "3.30"
    assert sql("select status, count(*) from ops.delivery group by 1 order by 1") == [("delivered", 9), ("rejected", 1)]


def test_rejected_row_is_held_back_until_it_changes(crm: Crm, egress: Egress, sql: Sql) -> None:
    """A rejected row is not sent again as it is; once its content has changed it is, and leaves the quarantine."""
    crm.rejects["C-00003"] = "unknown country"
    egress("run", "--target", "crm")
    crm.batches.clear()
    crm.rejects.clear()
    egress("run", "--target", "crm")
    assert crm.batches == []
    sql(CHANGE_ONE)
    egress("run", "--target", "crm")
    assert sent_ids(crm) == [["C-00003"]]
    assert sql("select count(*) from ops.quarantine where resolved_at is null") == [(0,)]


def test_retry_rejected_sends_unchanged_rejected_rows(crm: Crm, egress: Egress, sql: Sql) -> None:
    """`--retry-rejected` sends rejected rows as they are, under a new key; rejected again they stay one entry."""
    crm.rejects |= {"C-00003": "unknown country", "C-00004": "unknown city"}
    egress("run", "--target", "crm")
    del crm.rejects["C-00003"]
    assert egress("run", "--target", "crm", "--retry-rejected") == 0
    assert sent_ids(crm)[-1] == ["C-00003", "C-00004"]
    assert sql("select reason, resolved_at is null from ops.quarantine order by 1 desc") == [
        ("unknown country", False),
        ("unknown city", True),
    ]


@DUCKDB_ONLY
def test_row_rejected_again_with_other_content_has_one_open_entry(crm: Crm, egress: Egress, sql: Sql) -> None:
    """A changed row that is rejected again replaces the open entry of its old content."""
    crm.rejects["C-00003"] = "unknown country"
    egress("run", "--target", "crm")
    sql(CHANGE_ONE)
    egress("run", "--target", "crm")
    rows = sql("select resolved_at is null, payload from ops.quarantine order by first_seen_at")
    assert [(is_open, json.loads(payload)["baskets"]) for is_open, payload in rows] == [(False, 3), (True, 99)]


def test_receipt_leads_to_the_request(crm: Crm, egress: Egress, sql: Sql) -> None:
    """Each delivered row's receipt is the Idempotency-Key of the request that carried it, with its run."""
    egress("run", "--target", "crm")
    assert sql("select receipt from ops.delivery order by row_key") == [
        (key,) for key, batch in zip(crm.keys, crm.batches, strict=True) for _ in batch
    ]
    assert sql("select count(*) from ops.delivery join ops.run using (run_id) where step = 'deliver'") == [(CUSTOMERS,)]


def test_ledger_tells_rows_sent_unchanged_and_rejected(crm: Crm, egress: Egress, sql: Sql) -> None:
    """The run ledger holds for each target how many rows were sent, unchanged and rejected."""
    crm.rejects["C-00003"] = "unknown country"
    egress("run")
    egress("run")
    rows = sql(
        "select relation, row_count, detail from ops.run_output join ops.run using (run_id) order by sequence, 1"
    )
    assert [(relation, count, json.loads(detail)) for relation, count, detail in rows] == [
        ("crm", 9, {"sent": 9, "unchanged": 0, "rejected": 1}),
        ("files", 10, {"sent": 10, "unchanged": 0, "rejected": 0}),
        ("crm", 0, {"sent": 0, "unchanged": 10, "rejected": 0}),
        ("files", 0, {"sent": 0, "unchanged": 10, "rejected": 0}),
    ]


def test_failed_run_tells_what_it_has_delivered(crm: Crm, egress: Egress, sql: Sql) -> None:
    """A run that fails half way is failed in the ledger, with the rows that were confirmed before."""
    crm.faults = [None, leave_out_last]
    assert egress("run", "--target", "crm") == 1
    assert sql("select status, row_count from ops.run join ops.run_output using (run_id)") == [("failed", 7)]


def test_vanished_rows_are_left_alone(crm: Crm, egress: Egress, sql: Sql, capfd: pytest.CaptureFixture[str]) -> None:
    """Rows that have left the model are counted by the plan, and nothing is deleted at the CRM."""
    egress("run", "--target", "crm")
    sql("delete from egress.retl_crm_customers where baskets < 3")
    egress("plan", "--target", "crm")
    assert "vanished   3 are no longer in the model: nothing is deleted" in capfd.readouterr().out
    crm.keys.clear()
    assert egress("run", "--target", "crm") == 0
    assert (crm.keys, len(crm.customers)) == ([], CUSTOMERS)


def test_plan_sends_nothing_and_says_what_run_would(
    crm: Crm, egress: Egress, sql: Sql, capfd: pytest.CaptureFixture[str]
) -> None:
    """`plan` counts new, changed, unchanged and held-back rows, sends nothing, and leaves no trace."""
    crm.rejects["C-00005"] = "unknown country"
    egress("run", "--target", "crm")
    crm.keys.clear()
    sql(CHANGE_ONE)
    before = sql("select * from ops.delivery order by target, row_key")
    assert egress("plan", "--target", "crm") == 0
    lines = capfd.readouterr().out
    assert "send       1 (0 new, 1 changed)" in lines
    assert "unchanged  8" in lines
    assert "held back  1" in lines
    assert crm.keys == []
    assert sql("select * from ops.delivery order by target, row_key") == before


def test_list_tells_targets_and_last_delivery(crm: Crm, egress: Egress, capfd: pytest.CaptureFixture[str]) -> None:
    """`list` names each target, its model, and when it was last delivered to."""
    egress("run", "--target", "crm")
    assert egress("list") == 0
    crm_line, last, files, never, _, _ = capfd.readouterr().out.splitlines()
    assert files.startswith("files: `egress.customer_360`")
    assert never.endswith("never")
    assert crm_line.startswith("crm: `egress.retl_crm_customers`")
    assert last.endswith("UTC, 10 delivered, 0 rejected")
