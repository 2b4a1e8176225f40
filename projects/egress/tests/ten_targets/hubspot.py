"""Upserts contacts in batches by their e-mail address, each item with a result or an error of its own."""

from egress.engine.models import Model
from egress.kinds.rest.answers import EVERY, Answers
from egress.kinds.rest.bodies import Fields, Fixed
from egress.kinds.rest.target import Rest
from shared.config.named import Setting

OWN: Fields = {"idProperty": Fixed("email"), "id": "email", "objectWriteTraceId": "contact_id"}
TARGET = Rest(
    "hubspot",
    Model("egress.contacts", key="contact_id"),
    settings="HUBSPOT",
    path="/crm/v3/objects/contacts/batch/upsert",
    rows="inputs",
    fields={**OWN, "properties.firstname": "given_name", "properties.total_sales": "sales"},
    answers=(
        Answers("results", key="objectWriteTraceId", taken=EVERY),
        Answers("errors", key="context.objectWriteTraceId", refused=EVERY, reason="message"),
    ),
    login={"type": "bearer", "token": Setting("HUBSPOT_TOKEN")},
    idempotency=None,
    chunk_rows=100,
)
