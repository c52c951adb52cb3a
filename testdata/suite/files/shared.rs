//! Writers and readers of one file at the same time: ours, and SQLite in another process.
