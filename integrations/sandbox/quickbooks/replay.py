"""Request ids: the first answer of a write is kept and given again."""

import hashlib
from datetime import datetime, timedelta

from integrations.sandbox.http import Response
from integrations.sandbox.quickbooks import faults
from integrations.sandbox.quickbooks.company import Company

MAX_LENGTH, MAX_LENGTH_BATCH, MAX_BID = 50, 36, 10
_KIND = "_RequestId"


def recall(company: Company, request_id: str, body: bytes) -> Response | None:
    """The kept answer, or None when the request has to be acted on."""
    found = company.find(_KIND, "id", request_id)
    if not found:
        return None
    kept = found[-1]
    age = company.store.now() - datetime.fromisoformat(kept["at"])
    if age > timedelta(hours=float(company.switch("requestid_keep_h"))):
        return None
    if kept["body"] != _digest(body):
        rule = company.switch("requestid_other_body")
        if rule == "acts_again":
            return None
        if rule == "refused":
            raise faults.business("The request id was used with another request.", "requestid")
    return Response(kept["status"], kept["answer"].encode(), {"content-type": "application/json; charset=utf-8"})


def keep(company: Company, request_id: str, body: bytes, answer: Response) -> None:
    """Remembers an answer; server errors never, refusals by switch."""
    refused = 400 <= answer.status < 500
    if answer.status >= 500 or (refused and company.switch("requestid_failures") == "tried_again"):
        return
    store = company.store
    doc = {
        "id": request_id,
        "at": store.now().isoformat(),
        "body": _digest(body),
        "status": answer.status,
        "answer": answer.body.decode(),
    }
    store.put(company.space, _KIND, store.next_id(f"{company.space}:{_KIND}"), doc, {"id": request_id})


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
