"""The parts of addresses that may only be one of a few words; anything else is no such page."""

from integrations.kinds.cutover import Part


class SystemConverter:
    regex = "clio|quickbooks"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class PartConverter:
    """What a start date counts."""

    regex = "|".join(Part)

    def to_python(self, value: str) -> Part:
        return Part(value)

    def to_url(self, value: str) -> str:
        return value


class KindConverter(SystemConverter):
    regex = "contact|invoice|payment|credit_note|trust_entry"
