"""The QuickBooks Online stand-in: the accounting API, its OAuth, and the office where people work by hand."""
