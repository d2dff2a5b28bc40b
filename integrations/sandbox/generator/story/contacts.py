"""Acts about people: changed on one side or on both, gone, merged, made inactive."""

from typing import Any

from integrations.sandbox.generator.story.act import Act, Step
from integrations.sandbox.generator.story.cast import Cast


def _client(cast: Cast) -> int:
    """Somebody with a bill, so that they are a customer."""
    return cast.client(cast.bill())


def _phone_in_clio(cast: Cast, client: int) -> None:
    row = {"name": "Mobile", "number": "555 0117"}
    cast.clio.edit_contact(client, {"phone_numbers": [row]})


def _mobile_in_quickbooks(cast: Cast, client: int) -> bool:
    return bool(cast.customer(client).get("Mobile", {}).get("FreeFormNumber") == "555 0117")


def _family_in_quickbooks(cast: Cast, client: int) -> None:
    cast.quickbooks.edit_customer(cast.customer(client)["Id"], FamilyName="Marsh")


def _family_in_clio(cast: Cast, client: int) -> bool:
    return bool(cast.clio.take("contact", client)["last_name"] == "Marsh")


def _both(cast: Cast, client: int) -> None:
    _phone_in_clio(cast, client)
    _family_in_quickbooks(cast, client)


def _agree(cast: Cast, client: int) -> bool:
    return _mobile_in_quickbooks(cast, client) and _family_in_clio(cast, client)


def _differ(cast: Cast, client: int) -> None:
    _phone_in_clio(cast, client)
    cast.quickbooks.edit_customer(cast.customer(client)["Id"], Mobile={"FreeFormNumber": "555 0199"})


def _two_clients(cast: Cast) -> tuple[int, int]:
    return _client(cast), _client(cast)


def _merge(cast: Cast, clients: tuple[int, int]) -> None:
    cast.clio.merge_contacts(clients[0], clients[1])


def _gone(cast: Cast, prop: Any) -> None:
    cast.clio.delete_contact(prop)


def _retire(cast: Cast, client: int) -> None:
    """The customer is made inactive, then there is another bill."""
    cast.quickbooks.deactivate("Customer", cast.customer(client)["Id"])
    cast.bill(300, contact=client, ago=4)


def _rename_by_merging(cast: Cast, client: int) -> None:
    """Somebody files the client under another name, as people do by merging."""
    known = cast.customer(client)
    mail = known["PrimaryEmailAddr"]
    survivor = cast.quickbooks.create_customer(f"{known['DisplayName']}, new file", PrimaryEmailAddr=mail)
    cast.quickbooks.merge_customers(known["Id"], survivor["Id"])


def _merge_in_quickbooks(cast: Cast, clients: tuple[int, int]) -> None:
    first, second = (cast.customer(client)["Id"] for client in clients)
    cast.quickbooks.merge_customers(first, second)


CONTACTS = (
    Act(
        "A client gets another number in Clio",
        _client,
        (Step(_phone_in_clio, does=("contact updated",), holds=_mobile_in_quickbooks),),
    ),
    Act(
        "A client gets another name in QuickBooks",
        _client,
        (Step(_family_in_quickbooks, does=("contact updated",), holds=_family_in_clio),),
    ),
    Act(
        "A client is changed on both sides, each in another field",
        _client,
        (Step(_both, does=("contact updated",), holds=_agree),),
    ),
    Act(
        "A client is changed on both sides in one field; Clio's is taken",
        _client,
        (
            Step(_differ, does=("contact updated",), opens=("contact_conflict",)),
            Step(answer=("contact_conflict", "use_clio"), does=("contact updated",), holds=_mobile_in_quickbooks),
        ),
    ),
    Act(
        "A client is deleted in Clio",
        _client,
        (Step(_gone, opens=("contact_gone",), syncs=3),),
        leaves=("contact_gone",),
    ),
    Act(
        "Two clients are merged in Clio",
        _two_clients,
        (Step(_merge, does=("contact unlinked", "invoice updated"), opens=("contact_gone",), syncs=3),),
        leaves=("contact_gone",),
    ),
    Act(
        "A customer is made inactive and has another bill",
        _client,
        (
            Step(_retire, opens=("customer_inactive",)),
            Step(answer=("customer_inactive", "reactivate"), does=("contact updated", "invoice created")),
        ),
    ),
    Act(
        "A customer is merged into another one in QuickBooks",
        _client,
        (Step(_rename_by_merging, does=("contact adopted", "contact updated", "invoice accepted"), syncs=2),),
    ),
    Act(
        "Two clients' customers are merged in QuickBooks and told apart again",
        _two_clients,
        (
            Step(_merge_in_quickbooks, opens=("customers_merged",)),
            Step(answer=("customers_merged", "create"), does=("contact created", "invoice updated"), syncs=2),
        ),
    ),
)
