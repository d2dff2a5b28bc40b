"""Issues of the shapes that the story of a firm leaves out: each looks different on its page."""

from collections.abc import Sequence

from firms.models import User
from integrations.assigning import assign, note
from integrations.models import Issue
from integrations.resolving import resolve
from tests.models.rows import NOW, issue_of
from tests.portal import Portal


def shapes(portal: Portal, name: str, colleague: User, bills: Sequence[int]) -> list[Issue]:
    """``name`` stands wherever one can. ``bills`` are voided, so many that the run is held."""
    return [_held(portal, bills), *_by_rows(portal, name), *_decided(portal, name, colleague)]


def _by_rows(portal: Portal, name: str) -> list[Issue]:
    """Two who look alike; a field that only one side can take; a cause to be mended elsewhere; one that is over."""
    pairing, who = portal.pairing, {"kind": "contact", "title": name}
    alike = [{"entity": "contacts", "id": id, "label": name} for id in ("1", "2")]
    picks = {"clio": name, "quickbooks": "Lee", "base": name, "only": "quickbooks", "why": "It is too long for them."}
    return [
        issue_of(pairing, **who, code="similar_contacts", message=f"{name} is there twice.", details={"alike": alike}),
        issue_of(pairing, **who, code="contact_conflict", practice_id="2", details={"fields": {"family_name": picks}}),
        issue_of(pairing, code="numbering_setting_off", kind="", practice_id=""),
        issue_of(pairing, code="rejected", practice_id="3", title=name, state="closed", closed_at=NOW),
    ]


def _decided(portal: Portal, name: str, colleague: User) -> list[Issue]:
    """One that the next sync is to carry out, with a note, given to a colleague; and one that is accepted."""
    waits = issue_of(portal.pairing, practice_id="4", title=name)
    note(waits, name, portal.owner, portal.clock)
    assign(portal.firm, [waits], colleague, portal.owner, portal.clock)
    resolve(waits, "restore", portal.owner, portal.clock, note=name)
    accepted = issue_of(portal.pairing, practice_id="5", title=name)
    resolve(accepted, "ignore", colleague, portal.clock, note=name)
    return [waits, accepted]


def _held(portal: Portal, bills: Sequence[int]) -> Issue:
    """A run that would void too much."""
    for bill in bills:
        portal.clio.void_bill(bill)
    assert portal.run().outcome == "held"
    return portal.issue("run_held")
