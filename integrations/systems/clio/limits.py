"""Clio's limits, each with the page of Clio's API documentation that states it."""

API_VERSION = "4.0.13"  # API changelog: released 2025-10-06, the default since 2026-01-06
PAGE_ROWS = 200  # Paging: 1 to 200 records a page
IDS_PER_CALL = 100  # undocumented for ids[]; keeps an address well below 4 kB
RATE_WINDOW_S = 60  # Rate limits: a window of one minute per access token
RATE_RESERVE = 2  # ours: calls left unused, for the other workers of the same connection
