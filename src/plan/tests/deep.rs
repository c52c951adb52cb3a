//! Deep and wide statements: limits instead of a full stack.
