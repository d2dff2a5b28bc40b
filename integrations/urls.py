"""Addresses of the integrations: inside a firm, and those the two systems call."""

from django.urls import URLPattern, URLResolver

firm_patterns: list[URLPattern | URLResolver] = []
root_patterns: list[URLPattern | URLResolver] = []
