"""Tenants: people, firms, and who may do what in which firm. Imports nothing from integrations."""
