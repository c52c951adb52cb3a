//! Tests of transactions: against a model, under threads, and of the rules one by one.

mod model;
mod rules;
mod threads;

use std::sync::Arc;

use super::{Transaction, Transactions};
use crate::catalog::Schema;
use crate::store::{KeyTree, RowTree, Store, Tree, TreeKind};

fn database() -> Arc<Transactions> {
    Transactions::new(Store::new(), Arc::new(Schema::default()))
}

fn write(tx: &mut Transaction) {
    tx.begin_write(0, &|| false).expect("there is no other writer");
}

fn row_tree(shared: &Arc<Transactions>) -> Arc<RowTree> {
    let mut tx = Transaction::new(shared.clone());
    write(&mut tx);
    let Tree::Row(tree) = tx.create_tree(TreeKind::Row) else { unreachable!("a row tree was asked for") };
    tx.commit().expect("no file below");
    tree
}

fn key_tree(shared: &Arc<Transactions>) -> Arc<KeyTree> {
    let mut tx = Transaction::new(shared.clone());
    write(&mut tx);
    let Tree::Key(tree) = tx.create_tree(TreeKind::Key) else { unreachable!("a key tree was asked for") };
    tx.commit().expect("no file below");
    tree
}

/// xorshift: the same numbers for the same seed.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() >> 11) as usize % n
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}
