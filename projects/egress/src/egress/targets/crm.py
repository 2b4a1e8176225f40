"""Sends the CRM the customers whose content differs from what it has answered to last."""

from egress.engine.models import Model
from egress.kinds.rest.answers import Answers
from egress.kinds.rest.target import Rest

TARGET = Rest(
    "crm",
    Model("egress.retl_crm_customers", key="customer_id"),
    settings="CRM",
    path="/customers/batch",
    dataset="/customers",
    rows="customers",
    answers=Answers("results", key="customer_id", taken=("updated",), refused=("rejected",)),
)
