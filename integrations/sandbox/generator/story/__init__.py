"""A story in acts: every kind of event that people cause in Clio and in QuickBooks, once."""

from integrations.sandbox.generator.story.act import Act, Step
from integrations.sandbox.generator.story.bills import BILLS
from integrations.sandbox.generator.story.cast import Cast
from integrations.sandbox.generator.story.contacts import CONTACTS
from integrations.sandbox.generator.story.credits import CREDITS
from integrations.sandbox.generator.story.documents import DOCUMENTS
from integrations.sandbox.generator.story.payments import PAYMENTS
from integrations.sandbox.generator.story.settings import SETTINGS
from integrations.sandbox.generator.story.trust import CLOSED, TRUST

__all__ = ["SCENES", "Act", "Cast", "Step"]

# Acts of one scene share their syncs; one that changes a setting of the company has a scene to itself.
SCENES: tuple[tuple[Act, ...], ...] = (
    (*BILLS, *PAYMENTS, *CREDITS, *DOCUMENTS, *CONTACTS, *TRUST),
    *((act,) for act in (*SETTINGS, CLOSED)),
)
