"""Tools whose answers are like those of real ones, and the targets that deliver contacts to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from apis import Api, Asked, Reply, Row
from contacts import MODEL

from egress.kinds.rest.answers import EVERY, Answers
from egress.kinds.rest.bodies import Fixed
from egress.kinds.rest.declared import OwnId, Refusals
from egress.kinds.rest.target import Rest


def zoho(api: Api, asked: Asked) -> Reply:
    """Upsert records with a status each; where all of them are wrong the request is, too."""
    said = []
    for row in asked.json()["data"]:
        fine = "@" in row["Email"]
        api.rows |= {row["Key"]: row} if fine else {}
        said.append({"status": "success" if fine else "error", "message": "record added" if fine else "invalid data"})
    return (207 if any(each["status"] == "success" for each in said) else 400), {"data": said}


def klaviyo(api: Api, asked: Asked) -> Reply:
    """Make or change a profile; of one that is there the refusal has the id."""
    row = asked.json()["data"]["attributes"]
    name = asked.path.removeprefix("/api/profiles").strip("/")
    if "@" not in row["email"]:
        return 400, {"errors": [{"detail": "invalid email address"}]}
    if not name:
        there = [name for name, each in api.rows.items() if each["external_id"] == row["external_id"]]
        if there:
            return 409, {"errors": [{"meta": {"duplicate_profile_id": there[0]}}]}
        name = f"01G{len(api.rows)}"
    api.rows[name] = row
    return 200, {"data": {"id": name}}


def ads(api: Api, asked: Asked) -> Reply:
    """Add users, and name the places of those at fault deep within an error beside a success."""
    errors: list[Row] = []
    for place, row in enumerate(asked.json()["operations"]):
        address = row["create"]["userIdentifiers"][0]["email"]
        if "@" in address:
            api.rows[address] = row
            continue
        at = {"fieldPathElements": [{"fieldName": "operations", "index": place}]}
        errors.append({"message": f"invalid: {address}", "location": at})
    return 200, {"partialFailureError": {"details": [{"errors": errors}]}} if errors else {}


def shopify(api: Api, asked: Asked) -> Reply:
    """Set a customer by GraphQL, where each answer is a success; a request that is known is answered as before."""
    row = asked.json()["variables"]["input"]
    known = asked.headers["idempotency-key"] in [each.headers["idempotency-key"] for each in api.asked[:-1]]
    if known or len(api.asked) == 2:
        return 200, {"errors": [{"message": "Throttled"}]}
    errors = [] if "@" in row["email"] else [{"field": ["email"], "message": "Email is invalid"}]
    api.rows |= {} if errors else {row["id"]: row}
    return 200, {"data": {"customerSet": {"userErrors": errors}}}


def bigquery(api: Api, asked: Asked) -> Reply:
    """Insert all rows, or none with an error for each."""
    rows = asked.json()["rows"]
    wrong = {place for place, row in enumerate(rows) if "@" not in row["json"]["email"]}
    reasons = (
        {"index": at, "errors": [{"reason": "invalid" if at in wrong else "stopped"}]} for at in range(len(rows))
    )
    if wrong:
        return 200, {"insertErrors": [*reasons]}
    api.rows |= {row["insertId"]: row for row in rows}
    return 200, {}


def slack(api: Api, asked: Asked) -> Reply:
    """Take a message, or say with a success why not."""
    row = asked.json()
    if "@" not in row["text"]:
        return 200, {"ok": False, "error": "no_text"}
    api.rows[row["text"]] = row
    return 200, {"ok": True}


def airtable(api: Api, asked: Asked) -> Reply:
    """Upsert up to ten records, which the answer repeats, or none."""
    records = asked.json()["records"]
    wrong = [each["fields"]["Email"] for each in records if "@" not in each["fields"]["Email"]]
    if wrong:
        return 422, {"error": {"message": f'Field "Email" cannot accept {wrong[0]}'}}
    api.rows |= {each["fields"]["Key"]: each for each in records}
    return 200, {"records": [{"id": "rec", "fields": each["fields"]} for each in records]}


GRAPHQL = Fixed("mutation($input: CustomerSetInput!) { customerSet(input: $input) { userErrors { message } } }")
TOOLS: Mapping[Rest, Callable[[Api, Asked], Reply]] = {
    Rest(
        "zoho",
        MODEL,
        settings="ZOHO",
        path="/crm/v6/Contacts/upsert",
        rows="data",
        beside={"duplicate_check_fields": ["Key"]},
        fields={"Key": "contact_id", "Email": "email"},
        answers=Answers("data", taken=("success",), refused=("error",), reason="message"),
        refusals=Refusals((400,), reason="data.0.message"),
    ): zoho,
    Rest(
        "klaviyo",
        MODEL,
        settings="KLAVIYO",
        path="/api/profiles",
        headers={"Content-Type": "application/vnd.api+json", "revision": "2024-10-15"},
        fields={
            "data.type": Fixed("profile"),
            "data.attributes.external_id": "contact_id",
            "data.attributes.email": "email",
        },
        refusals=Refusals((400,), reason="errors.0.detail"),
        own_id=OwnId("data.id", "/api/profiles/{own_id}", there="errors.0.meta.duplicate_profile_id"),
        idempotency=None,
    ): klaviyo,
    Rest(
        "ads",
        MODEL,
        settings="ADS",
        path="/v17/jobs/1:addOperations",
        rows="operations",
        beside={"enablePartialFailure": True},
        fields={"create.userIdentifiers.0.email": "email"},
        answers=Answers(
            "partialFailureError.details.0.errors",
            place="location.fieldPathElements.0.index",
            refused=EVERY,
            reason="message",
        ),
    ): ads,
    Rest(
        "shopify",
        MODEL,
        settings="SHOPIFY",
        path="/admin/api/graphql.json",
        fields={"query": GRAPHQL, "variables.input.id": "contact_id", "variables.input.email": "email"},
        answers=(
            Answers("data.customerSet.userErrors", refused=EVERY, reason="message"),
            Answers("errors", again=EVERY),
        ),
    ): shopify,
    Rest(
        "bigquery",
        MODEL,
        settings="BIGQUERY",
        path="/insertAll",
        rows="rows",
        fields={"insertId": "contact_id", "json.email": "email"},
        answers=Answers("insertErrors", place="index", refused=EVERY, reason="errors.0.reason", together=True),
        mode="insert_only",
    ): bigquery,
    Rest(
        "slack",
        MODEL,
        settings="SLACK",
        path="/api/chat.postMessage",
        fields={"channel": Fixed("C1"), "text": "email"},
        answers=Answers("$", status="ok", taken=(True,), refused=(False,), reason="error"),
        mode="insert_only",
    ): slack,
    Rest(
        "airtable",
        MODEL,
        settings="AIRTABLE",
        method="PATCH",
        path="/v0/base/Contacts",
        rows="records",
        beside={"performUpsert.fieldsToMergeOn": ["Key"]},
        fields={"fields.Key": "contact_id", "fields.Email": "email"},
        answers=Answers("records", key="fields.Key", taken=EVERY),
        refusals=Refusals((422,), reason="error.message"),
        chunk_rows=10,
    ): airtable,
}
REASONS = {
    "zoho": "invalid data",
    "klaviyo": "400: invalid email address",
    "ads": "invalid: ***",
    "shopify": "Email is invalid",
    "bigquery": "invalid",
    "slack": "no_text",
    "airtable": '422: Field "Email" cannot accept ***',
}
