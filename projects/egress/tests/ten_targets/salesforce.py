"""Upserts contacts as a collection of records, answered for in their order, and deletes those that have left."""

from egress.engine.models import Model
from egress.kinds.rest.answers import Answers
from egress.kinds.rest.bodies import Fixed
from egress.kinds.rest.declared import Delete
from egress.kinds.rest.target import Rest
from shared.config.named import Setting

DATA, SECRET = "/services/data/v61.0", Setting("SALESFORCE_CLIENT_SECRET")
LOGIN = {"access_token_url": Setting("SALESFORCE_TOKEN_URL"), "client_id": "platform", "client_secret": SECRET}
TARGET = Rest(
    "salesforce",
    Model("egress.contacts", key="contact_id"),
    settings="SALESFORCE",
    method="PATCH",
    path=f"{DATA}/composite/sobjects/Contact/Ext__c",
    rows="records",
    fields={"attributes.type": Fixed("Contact"), "Ext__c": "contact_id", "Email": "email", "LastName": "surname"},
    beside={"allOrNone": False},
    answers=Answers("$", status="success", taken=(True,), refused=(False,), reason="errors.0.message"),
    login={"type": "oauth2_client_credentials", **LOGIN},
    mode="mirror",
    delete=Delete(f"{DATA}/sobjects/Contact/Ext__c/{{contact_id}}"),
)
