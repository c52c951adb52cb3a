//! Tests of the binder against the bundled SQLite: the same statements are prepared by both, over the same schema.

mod authorize;
mod compare;
mod corpus;
mod deep;
mod random;
mod shape;
