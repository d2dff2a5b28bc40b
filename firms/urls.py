"""Addresses of people and firms: the start page, a firm's team, and invitations, which stand outside every firm."""

from django.urls import URLPattern, URLResolver, path

from firms.views import invitations, start, team

firm_patterns: list[URLPattern | URLResolver] = [
    path("", team.team, name="team"),
    path("invite/", team.invite, name="invite"),
    path("leave/", team.leave, name="leave"),
    path("<int:pk>/role/", team.role, name="member_role"),
    path("<int:pk>/remove/", team.remove, name="remove_member"),
    path("<int:pk>/hand-over/", team.hand_over, name="hand_over"),
    path("invitations/<int:pk>/again/", team.send_again, name="send_again"),
    path("invitations/<int:pk>/withdraw/", team.withdraw, name="withdraw"),
]
root_patterns: list[URLPattern | URLResolver] = [
    path("", start.home, name="home"),
    path("firms/new/", start.create, name="create_firm"),
    path("invitations/", invitations.opened, name="opened_invitation"),
    path("invitations/<str:token>/", invitations.invitation, name="invitation"),
]
