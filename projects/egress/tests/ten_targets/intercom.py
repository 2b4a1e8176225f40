"""Creates each contact once, by a request of its own."""

from egress.engine.models import Model
from egress.kinds.rest.declared import Refusals
from egress.kinds.rest.target import Rest
from shared.config.named import Setting

TARGET = Rest(
    "intercom",
    Model("egress.contacts", key="contact_id"),
    settings="INTERCOM",
    path="/contacts",
    fields={"external_id": "contact_id", "email": "email", "custom_attributes.sales": "sales"},
    headers={"Intercom-Version": "2.11"},
    refusals=Refusals((409, 422), reason="errors.0.message"),
    login={"type": "api_key", "name": "X-Api-Key", "api_key": Setting("INTERCOM_API_KEY")},
    mode="insert_only",
    per_second=500,
)
