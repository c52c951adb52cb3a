//! Statements put together at random.
