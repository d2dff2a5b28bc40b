"""A stand-in for Clio Manage: OAuth, the v4 API, and the office where people work in it."""
