"""QuickBooks's batch endpoint: several independent writes in one request, each judged by the name it was sent under."""

import logging
from collections import Counter
from collections.abc import Mapping

from integrations.core.errors import Garbled, NotBatched, RemoteError, Throttled, Trace
from integrations.core.ports import Raw, Verdict, Write
from integrations.core.read import rows, text
from integrations.systems.decipher import find_fault, of_part
from integrations.systems.quickbooks import limits

logger = logging.getLogger(__name__)
# Intuit API reference, batch: a void is an update with an option. Only these two can be voided.
VOIDABLE = frozenset({"Invoice", "Payment"})
_OPERATIONS: Mapping[str, bytes] = {
    "create": b'"operation":"create"',
    "update": b'"operation":"update"',
    "void": b'"operation":"update","optionsData":"void"',
}


def body_of(writes: Mapping[str, Write]) -> bytes:
    """The request, each body in it byte for byte. Raises ValueError for one that QuickBooks would not take."""
    if not 0 < len(writes) <= limits.BATCH_ITEMS:
        raise ValueError(f"a batch has 1 to {limits.BATCH_ITEMS} items")
    return b'{"BatchItemRequest":[' + b",".join(_item(name, write) for name, write in writes.items()) + b"]}"


def _item(name: str, write: Write) -> bytes:
    if not 0 < len(name) <= limits.BATCH_NAME_LENGTH or not name.replace("-", "").isalnum():
        raise ValueError(f"not a name for an item of a batch: {name!r}")
    if write.operation == "void" and write.entity not in VOIDABLE:
        raise ValueError(f"QuickBooks cannot void a {write.entity}")
    head = f'{{"bId":"{name}",'.encode()
    return head + _OPERATIONS[write.operation] + f',"{write.entity}":'.encode() + write.body + b"}"


def verdicts(answer: object, entities: Mapping[str, str], trace: Trace) -> Mapping[str, Verdict]:
    """What became of each item, by its name. Raises Garbled where the answer holds no items at all.

    An item the answer does not tell of, or tells of twice, has no clean answer; one that nobody sent is not ours.
    """
    if not isinstance(answer, Mapping) or not isinstance(answer.get("BatchItemResponse"), list):
        raise Garbled("QuickBooks's answer holds no items", trace)
    told = [(text(item, "bId"), item) for item in rows(answer, "BatchItemResponse")]
    times = Counter(name for name, _ in told)
    strange = len(times.keys() - entities.keys())
    if strange:
        logger.warning("event=strange_batch_items count=%s vendor_id=%s", strange, trace.vendor_id)
    items = {name: item for name, item in told if times[name] == 1}
    return {name: _verdict(items.get(name), entity, trace) for name, entity in entities.items()}


def _verdict(item: Raw | None, entity: str, trace: Trace) -> Verdict:
    if item is None:
        return Garbled("QuickBooks's answer does not tell of this one clearly", trace)
    if fault := find_fault(item):
        return _apart(of_part(fault, trace))
    written = item.get(entity)
    if not isinstance(written, Mapping) or not text(written, "Id"):
        return Garbled(f"QuickBooks's answer holds no {entity} for this one", trace)
    return written


def _apart(error: RemoteError) -> RemoteError:
    """An item that was throttled was not served: QuickBooks counts batches apart from single requests."""
    return NotBatched(error.message, error.trace, error.retry_after_s) if isinstance(error, Throttled) else error
