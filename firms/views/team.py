"""The team of a firm: everybody sees it; whoever may manage it invites, changes roles and removes."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from firms import invitations, membership, queries
from firms.access import FirmRequest, firm_view
from firms.forms import InviteForm
from firms.membership import Refused
from firms.models import Firm, Invitation, Membership, User
from firms.roles import Permission, Role, abilities, may, may_give


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked before it is done; ``effect`` names what will be."""

    heading: str
    question: str
    effect: str
    button: str
    danger: bool = False
    wanted: str = ""  # sent along, where it can be answered either way


@firm_view(Permission.VIEW)
@require_GET
def team(request: FirmRequest, firm: Firm) -> HttpResponseBase:
    return _page(request, firm, InviteForm(Role(request.membership.role)))


def _page(request: FirmRequest, firm: Firm, form: InviteForm, status: int = 200) -> HttpResponseBase:
    members = queries.members_of(firm, request.membership)
    context = {
        "form": form,
        "members": members,
        "without_two_step": queries.without_two_step(members),
        "is_safe": any(member.is_you and member.has_two_step for member in members),
        "offers": queries.offers_of(firm, request.membership),
        "roles": list(Role),
        "abilities": queries.abilities_by_role(),
        "happened": queries.happened(firm),
        "most": queries.EVENTS,
        "manages": request.membership.may(Permission.MANAGE_TEAM),
    }
    return render(request, "firms/team.html", context, status=status)


@firm_view(Permission.MANAGE_TEAM)
@require_http_methods(["GET", "POST"])
def invite(request: FirmRequest, firm: Firm) -> HttpResponseBase:
    if request.method == "GET":
        return redirect("team", firm=firm.slug)
    form = InviteForm(Role(request.membership.role), request.POST)
    if form.is_valid():
        try:
            made = invitations.invite(firm, form.cleaned_data["email"], form.cleaned_data["role"], request.user)
        except Refused as refused:
            form.add_error("email", str(refused))
        else:
            return _told_of(request, made)
    return _page(request, firm, form, status=422)


def _told_of(request: FirmRequest, made: Invitation) -> HttpResponseBase:
    if made.sent_at:
        messages.success(request, f"An invitation is on its way to {made.email}. Its link works once, for 72 hours.")
    else:
        said = f"The e-mail to {made.email} could not be sent: the mail server did not take it."
        messages.error(request, f"{said} The invitation stands below; send it again in a while, or check the address.")
    return redirect("team", firm=made.firm.slug)


@firm_view(Permission.MANAGE_TEAM)
@require_POST
def send_again(request: FirmRequest, firm: Firm, pk: int) -> HttpResponseBase:
    try:
        made = invitations.send_again(_offer(firm, pk), request.user)
    except Refused as refused:
        return _refused(request, firm, refused)
    return _told_of(request, made)


@firm_view(Permission.MANAGE_TEAM)
@require_http_methods(["GET", "POST"])
def withdraw(request: FirmRequest, firm: Firm, pk: int) -> HttpResponseBase:
    offer = _offer(firm, pk)
    question = Question(
        "Withdraw an invitation",
        f"Withdraw the invitation of {offer.email}?",
        "The link in the e-mail stops working. You can invite the same address again at any time.",
        "Withdraw",
        danger=True,
    )
    if request.method == "GET":
        return _ask(request, question)
    try:
        invitations.revoke(offer, request.user)
    except Refused as refused:
        return _refused(request, firm, refused)
    messages.success(request, f"The invitation of {offer.email} is withdrawn.")
    return redirect("team", firm=firm.slug)


@firm_view(Permission.MANAGE_TEAM)
@require_http_methods(["GET", "POST"])
def role(request: FirmRequest, firm: Firm, pk: int) -> HttpResponseBase:
    """First the roles there are, then what the chosen one changes."""
    member, wanted = _member(firm, pk), request.GET.get("role", "")
    before = Role(member.role)
    if wanted not in list(Role) or wanted == before:
        return _roles_to_choose(request, member, before)
    if request.method == "GET":
        if membership.is_last_owner(member):
            return _roles_to_choose(request, member, before)
        return _ask(request, _about_role(member, before, Role(wanted), member.user_id == request.user.pk))
    try:
        membership.change_role(firm, member.user, Role(wanted), by=request.user)
    except Refused as refused:
        return _refused(request, firm, refused)
    messages.success(request, f"{member.user} is {Role(wanted).phrase} now.")
    return redirect("team", firm=firm.slug)


def _roles_to_choose(request: FirmRequest, member: Membership, before: Role) -> HttpResponseBase:
    giver, is_last = Role(request.membership.role), membership.is_last_owner(member)
    others = [one for one in Role if one is not before and may_give(giver, one) and not is_last]
    context = {
        "member": member,
        "before": before,
        "is_last_owner": is_last,
        "roles": [(one, abilities(one)) for one in others],
        "may_hand_over": giver is Role.OWNER and before is not Role.OWNER,
    }
    return render(request, "firms/role.html", context)


def _about_role(member: Membership, before: Role, after: Role, is_own: bool) -> Question:
    had, has = abilities(before), abilities(after)
    gained, lost = [one for one in has if one not in had], [one for one in had if one not in has]
    name, they = ("yourself", "you") if is_own else (_named(member.user), "they")
    effect = ["You are" if is_own else f"{name} is", f"{before.phrase} now."]
    effect += [f"From then on {they} may {'; '.join(gained)}."] if gained else []
    effect += [f"From then on {they} may no longer {'; '.join(lost)}."] if lost else []
    if lost and may(before, Permission.MANAGE_TEAM):
        effect.append(f"Invitations that {they} could then not make are withdrawn.")
    return Question(
        f"Role of {_named(member.user)}",
        f"Make {name} {after.phrase}?",
        " ".join(effect),
        f"Make {after.phrase}",
        danger=bool(lost),
    )


@firm_view(Permission.MANAGE_TEAM)
@require_http_methods(["GET", "POST"])
def remove(request: FirmRequest, firm: Firm, pk: int) -> HttpResponseBase:
    member = _member(firm, pk)
    if member.user_id == request.user.pk:
        return redirect("leave", firm=firm.slug)
    question = Question(
        f"Remove {_named(member.user)}",
        f"Remove {_named(member.user)} from {firm.name}?",
        "They lose access at once, wherever they are signed in, and their open invitations are withdrawn. What they "
        "decided and started stays in the records. They can be invited again.",
        "Remove",
        danger=True,
    )
    if request.method == "GET":
        return _ask(request, question)
    try:
        membership.remove(firm, member.user, by=request.user)
    except Refused as refused:
        return _refused(request, firm, refused)
    messages.success(request, f"{member.user} is no longer a member of {firm.name}.")
    return redirect("team", firm=firm.slug)


@firm_view(Permission.VIEW)
@require_http_methods(["GET", "POST"])
def leave(request: FirmRequest, firm: Firm) -> HttpResponseBase:
    question = Question(
        f"Leave {firm.name}",
        f"Leave {firm.name}?",
        "You lose access at once, and invitations you made are withdrawn. Syncs by schedule go on. Only an owner or "
        "admin can invite you back.",
        "Leave",
        danger=True,
    )
    try:
        if request.method == "GET":
            membership.keep_an_owner(firm, request.membership)
            return _ask(request, question)
        membership.remove(firm, request.user, by=request.user)
    except Refused as refused:
        return _refused(request, firm, refused)
    messages.success(request, f"You are no longer a member of {firm.name}.")
    return redirect("home")


@firm_view(Permission.MANAGE_TEAM)
@require_http_methods(["GET", "POST"])
def require_two_step(request: FirmRequest, firm: Firm) -> HttpResponseBase:
    """Switched after one yes; the form says to which position, so that sending it twice changes nothing."""
    if request.method == "GET":
        return _ask(request, _about_two_step(request, firm))
    wanted = request.POST.get("wanted") == "yes"
    try:
        membership.require_two_step(firm, wanted, request.user)
    except Refused as refused:
        return _refused(request, firm, refused)
    said = "Owners and admins must use two-step sign-in now." if wanted else "Two-step sign-in is up to everybody now."
    messages.success(request, said)
    return redirect("team", firm=firm.slug)


def _about_two_step(request: FirmRequest, firm: Firm) -> Question:
    if firm.requires_two_step:
        free = "It is then up to each person. Those who have set it up go on using it."
        return Question("Two-step sign-in", "No longer require it?", free, "No longer require it", True, "no")
    missing = queries.without_two_step(queries.members_of(firm, request.membership))
    effect = [f"Owners and admins of {firm.name} see nothing of it until they have set it up."]
    if missing:
        names = ", ".join(member.name or member.email for member in missing)
        effect.append(f"Without it now: {names}. They are led to it with their next click.")
    effect.append("Bookkeepers, viewers and other firms are not affected, and syncs go on.")
    question = "Require two-step sign-in of owners and admins?"
    return Question("Two-step sign-in", question, " ".join(effect), "Require it", False, "yes")


@firm_view(Permission.MANAGE_TEAM)
@require_http_methods(["GET", "POST"])
def hand_over(request: FirmRequest, firm: Firm, pk: int) -> HttpResponseBase:
    member = _member(firm, pk)
    name = _named(member.user)
    question = Question(
        f"Hand {firm.name} over",
        f"Hand {firm.name} over to {name}?",
        f"{name} becomes an owner and you become an admin, in one step. You keep everything but this: you can no "
        "longer make, change or remove owners, and only an owner can give that back to you.",
        "Hand over",
        danger=True,
    )
    if request.method == "GET":
        return _ask(request, question)
    try:
        membership.hand_over(firm, request.user, member.user)
    except Refused as refused:
        return _refused(request, firm, refused)
    messages.success(request, f"{member.user} is an owner of {firm.name} now, and you are an admin.")
    return redirect("team", firm=firm.slug)


def _ask(request: FirmRequest, question: Question) -> HttpResponseBase:
    hidden = [("wanted", question.wanted)] if question.wanted else []
    context = {"ask": question, "back": reverse("team", args=[request.firm.slug]), "hidden": hidden}
    return render(request, "firms/confirm.html", context)


def _refused(request: FirmRequest, firm: Firm, refused: Refused) -> HttpResponseBase:
    messages.error(request, f"{refused} Nothing was changed.")
    return redirect("team", firm=firm.slug)


def _member(firm: Firm, pk: int) -> Membership:
    return get_object_or_404(Membership.objects.select_related("user"), firm=firm, pk=pk)


def _offer(firm: Firm, pk: int) -> Invitation:
    return get_object_or_404(Invitation.objects.select_related("firm", "invited_by"), firm=firm, pk=pk)


def _named(user: User) -> str:
    return user.get_full_name()
