"""Clio's lists: where each is read and which fields the rules need of it (Clio API docs: fields, reference)."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class List:
    """One list. ``ordered``: it declares an ``order``; ``by_id``: it declares ``ids[]``."""

    path: str
    fields: str
    ordered: bool = True
    by_id: bool = True


CONTACT_FIELDS = (
    "id,etag,type,name,prefix,first_name,middle_name,last_name,title,is_client,primary_email_address,"
    "primary_phone_number,created_at,updated_at,company{id,name},"
    "email_addresses{id,address,name,primary},phone_numbers{id,number,name,primary},"
    "addresses{id,name,street,city,province,postal_code,country,primary}"
)

LISTS: Mapping[str, List] = {
    "contacts": List("contacts.json", CONTACT_FIELDS),
    "matters": List(
        "matters.json",
        "id,etag,display_number,number,description,status,created_at,updated_at,client{id,name}",
    ),
    "bills": List(
        "bills.json",
        "id,etag,number,state,kind,type,issued_at,due_at,paid_at,created_at,updated_at,subject,memo,purchase_order,"
        "balance,total,due,paid,pending,credits_issued,sub_total,services_sub_total,services_tax,"
        "services_secondary_tax,total_tax,tax_sum,secondary_tax_sum,tax_rate,secondary_tax_rate,"
        "discount_services_only,can_update,client{id,name},matters{id,display_number},discount{rate,type,note},"
        "interest{balance,period,rate,total,type},currency{id,code},original_bill{id,number},"
        "destination_account{id,name,type}",
    ),
    "line_items": List(
        "line_items.json",
        "id,etag,type,kind,date,description,note,price,quantity,total,tax,secondary_tax,sub_total,group_ordering,"
        "taxable,secondary_taxable,created_at,updated_at,bill{id},matter{id,display_number},user{id,name},"
        "activity{id,type,expense_category},discount{rate,type}",
        ordered=False,
    ),
    "allocations": List(
        "allocations.json",
        "id,etag,date,amount,interest,description,payment_type,has_online_payment,voided_at,created_at,updated_at,"
        "bill{id,number,kind},parent{id,type},contact{id,name},matter{id,display_number},"
        "source_bank_account{id,type,name},destination_bank_account{id,type,name}",
    ),
    "credit_memos": List(
        "credit_memos.json",
        "id,etag,date,amount,description,discount,voided_at,created_at,updated_at,contact{id,name},"
        "allocations{id,amount,date,voided_at}",
    ),
    "interest_charges": List(
        "interest_charges.json",
        "id,etag,date,description,total,created_at,updated_at,bill{id,number}",
        ordered=False,
    ),
    "bank_accounts": List(
        "bank_accounts.json",
        "id,etag,name,type,balance,currency,default_account,account_number,institution,created_at,updated_at",
    ),
    "bank_transactions": List(
        "bank_transactions.json",
        "id,etag,type,date,amount,funds_in,funds_out,currency,confirmation,source,description,transaction_type,"
        "clio_payments_transaction,created_at,updated_at,bank_account{id,type,name},client{id,name},"
        "matter{id,display_number,client},bill{id,number},allocation{id}",
    ),
    # What is deleted leaves no trace in the lists of changes, so ids and versions are swept.
    "bill_ids": List("bills.json", "id,etag,state"),
    "allocation_ids": List("allocations.json", "id,etag"),
    "credit_memo_ids": List("credit_memos.json", "id,etag"),
    "bank_transaction_ids": List("bank_transactions.json", "id"),
    "expense_categories": List(
        "expense_categories.json",
        "id,etag,name,entry_type,created_at,updated_at",
        by_id=False,
    ),
    "users": List("users.json", "id,etag,name,email,enabled,created_at,updated_at"),
    "activities": List(
        "activities.json",
        "id,etag,type,date,total,created_at,updated_at,expense_category{id,name,entry_type},bill{id}",
    ),
}
