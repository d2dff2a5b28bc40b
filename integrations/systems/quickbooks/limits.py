"""QuickBooks Online's limits, each with the Intuit developer page that states it."""

MINOR_VERSION = "75"  # Blog "Changes to our Accounting API", January 2025: the only version since August 2025
QUERY_ROWS = 1000  # Query operations and syntax: MAXRESULTS
CDC_OBJECTS = 1000  # Change data capture: objects in one answer
REQUEST_ID_LENGTH = 50  # Blog "requestid": for single requests
BATCH_REQUEST_ID_LENGTH = 36  # Blog "requestid": for a batch
BATCH_NAME_LENGTH = 10  # Blog "requestid": a bId of a batch that carries a request id
BATCH_ITEMS = 25  # Batch: 30 is the most
CALLS_PER_SECOND = 8  # Limits and throttles: 10 a second per company and app
CALLS_PER_MINUTE, CALLS_AT_ONCE = 440, 50  # Limits and throttles: 500 a minute per company; their sum stays below
BATCHES_PER_MINUTE, BATCHES_AT_ONCE = 36, 3  # Limits and throttles: 40 a minute per company
CALLS_IN_FLIGHT = 8  # Limits and throttles, earlier text: 10 at the same time per company and app
THROTTLE_WAIT_S = 60.0  # Limits and throttles: wait a minute after 429
IDS_PER_QUERY = 100  # undocumented for IN; keeps an address well below 4 kB
