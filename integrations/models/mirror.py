"""Our copy of remote objects: what a side returned, never what we sent."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.fields.json import KeyTransform

from firms.scoping import FirmOwned
from integrations.models.pairing import PairingOwned
from integrations.models.words import WordParts


def _within(member: str) -> OpClass:
    """What a member of the data holds, for an index that is asked whether it contains something."""
    return OpClass(KeyTransform(member, "data"), name="jsonb_path_ops")


class Record(PairingOwned):
    """One remote object. ``entity`` is the vendor's list (``bills``) or entity (``Invoice``).

    ``owner_id`` and ``peer_id`` are the objects it belongs to, so that a group is loaded without reading JSON:
    a bill's and a credit memo's contact; a line's, charge's, allocation's or receipt's bill; the allocation's payment;
    the customer of a payment in QuickBooks.
    ``settled`` turns False when the data changed since the record's group was last planned. ``key`` and ``other_key``
    are what it is sorted and compared by, ``words`` what a search looks in; all three are folded. A column that only
    the database knows, ``trust_lines``, holds what a trust row or an entry about one moves, worked out of ``data``.
    """

    class Side(models.TextChoices):
        PRACTICE = "practice", "Clio"
        LEDGER = "ledger", "QuickBooks"

    side = models.CharField(max_length=8, choices=Side.choices)
    entity = models.CharField(max_length=32)
    external_id = models.CharField(max_length=32)
    owner_id = models.CharField(max_length=32, blank=True)
    peer_id = models.CharField(max_length=32, blank=True)
    data = models.JSONField()
    digest = models.CharField(max_length=32)
    key = models.CharField(max_length=200, blank=True, db_collation="C")  # a number, or a name
    other_key = models.CharField(max_length=200, blank=True, db_collation="C")  # a number's other form, or an e-mail
    words = models.TextField(blank=True)
    settled = models.BooleanField(default=False)
    is_deleted = models.BooleanField(default=False)
    missing_since = models.DateTimeField(null=True)
    sweep = models.BigIntegerField(default=0)  # the run whose full read last saw it

    class Meta(PairingOwned.Meta):
        constraints = [
            *FirmOwned.Meta.constraints,
            models.UniqueConstraint(fields=["pairing", "side", "entity", "external_id"], name="one_record_per_object"),
        ]
        indexes = [
            models.Index(fields=["pairing", "entity", "id"], name="record_list"),
            models.Index(fields=["pairing", "entity", "owner_id"], name="record_owner"),
            models.Index(fields=["pairing", "entity", "peer_id"], name="record_peer"),
            models.Index(
                fields=["pairing", "entity", "id"],
                condition=Q(data__parent__type="CreditMemo"),
                name="record_credited",
            ),
            models.Index(fields=["pairing", "entity"], condition=Q(settled=False), name="record_unsettled"),
            models.Index(fields=["pairing", "entity", "key"], condition=~Q(key=""), name="record_key"),
            models.Index(
                fields=["pairing", "entity", "other_key"], condition=~Q(other_key=""), name="record_other_key"
            ),
            models.Index(fields=["pairing", "entity"], condition=~Q(words=""), name="record_words"),
            GinIndex(
                WordParts(),
                condition=~Q(words=""),
                fastupdate=True,
                gin_pending_list_limit=1024,
                name="record_word_parts",
            ),
            GinIndex(_within("Line"), condition=Q(entity="Payment"), fastupdate=False, name="record_settles"),
            GinIndex(_within("matters"), condition=Q(entity="bills"), fastupdate=False, name="record_matters"),
            GinIndex(
                _within("matter"), condition=Q(entity="trust_transactions"), fastupdate=False, name="record_matter"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entity} {self.external_id}"
