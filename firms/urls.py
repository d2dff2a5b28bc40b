"""Addresses of people and firms: the start page, a firm's team, and invitations, which stand outside every firm."""

from django.urls import URLPattern, URLResolver, path

from firms.views import invitations, start, team, two_step

firm_patterns: list[URLPattern | URLResolver] = [
    path("", team.team, name="team"),
    path("invite/", team.invite, name="invite"),
    path("leave/", team.leave, name="leave"),
    path("two-step/", team.require_two_step, name="require_two_step"),
    path("<int:pk>/role/", team.role, name="member_role"),
    path("<int:pk>/remove/", team.remove, name="remove_member"),
    path("<int:pk>/hand-over/", team.hand_over, name="hand_over"),
    path("invitations/<int:pk>/again/", team.send_again, name="send_again"),
    path("invitations/<int:pk>/withdraw/", team.withdraw, name="withdraw"),
]
root_patterns: list[URLPattern | URLResolver] = [
    path("", start.home, name="home"),
    path("firms/new/", start.create, name="create_firm"),
    path("two-step/<slug:firm>/", two_step.needed, name="two_step"),
    path("invitations/", invitations.opened, name="opened_invitation"),
    path("invitations/<str:token>/", invitations.invitation, name="invitation"),
]
