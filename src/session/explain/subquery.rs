//! Subqueries of expressions, shown where their expressions are evaluated.

use heliosdb_udfs::value::Collation;

use super::Tree;
use crate::plan::bound::FROM_VIEW;
use crate::row::node::{Node, Subquery, SubqueryId};
use crate::row::program::{Access, Body, LevelProgram, SeekTerm, SourceProgram};

/// What a subquery is used for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Use {
    Scalar,
    /// Membership; `filtered`: equal values have equal bytes, so that a Bloom filter can be asked first.
    List {
        filtered: bool,
    },
    /// Membership, to seek by.
    Seek,
}

/// The subqueries of an expression, in the order in which they are evaluated.
pub fn of_node(node: &Node, found: &mut Vec<(SubqueryId, Use)>) {
    match node {
        Node::Scalar(id) | Node::Exists { query: id, .. } | Node::RowScalar { query: id, .. } => {
            found.push((*id, Use::Scalar));
        }
        Node::InQuery { operand, query, by, .. } => {
            operand.iter().for_each(|n| of_node(n, found));
            let filtered = by.iter().all(|(_, collation)| matches!(collation, Collation::Binary));
            found.push((*query, Use::List { filtered }));
        }
        Node::CompareRowQuery { left, query, .. } => {
            left.iter().for_each(|n| of_node(n, found));
            found.push((*query, Use::Scalar));
        }
        _ => node.children(&mut |child| of_node(child, found)),
    }
}

/// Those of a level: of its access, and of its conditions.
pub fn of_level(level: &LevelProgram) -> (Vec<(SubqueryId, Use)>, Vec<(SubqueryId, Use)>) {
    let mut found = Vec::new();
    if let SourceProgram::Table { access, .. } | SourceProgram::KeyTable { access, .. } = &level.source {
        let terms: &[SeekTerm] = match access {
            Access::Rowids { keys, .. } => std::slice::from_ref(keys),
            Access::Index { equal, .. } => equal,
            _ => &[],
        };
        for term in terms {
            if let SeekTerm::InQuery(id, _) = term {
                found.push((*id, Use::Seek));
            }
        }
        super::detail::nodes(access).into_iter().for_each(|n| of_node(n, &mut found));
    }
    if let SourceProgram::Function { args, .. } = &level.source {
        args.iter().for_each(|n| of_node(n, &mut found));
    }
    let mut conditions = Vec::new();
    level.on.iter().chain(&level.filters).for_each(|n| of_node(n, &mut conditions));
    (found, conditions)
}

impl Tree {
    pub fn subqueries(&mut self, found: &[(SubqueryId, Use)], all: &[Subquery], parent: i64, shown: &mut Vec<u32>) {
        for (id, how) in found {
            let Some(subquery) = all.get(id.0 as usize) else { continue };
            // One text is one subquery, however often it is evaluated.
            if subquery.program.end != 0 && shown.contains(&subquery.program.end) {
                continue;
            }
            shown.push(subquery.program.end);
            if let Some(name) = stored_name(subquery, *how) {
                self.add(parent, name);
                continue;
            }
            let correlated = if subquery.inputs.is_empty() { "" } else { "CORRELATED " };
            let kind = if *how == Use::Scalar { "SCALAR" } else { "LIST" };
            let number = self.number(subquery.program.end);
            let id = self.add(parent, format!("{correlated}{kind} SUBQUERY {number}"));
            self.query(&subquery.program, id);
            if *how == (Use::List { filtered: true }) && subquery.inputs.is_empty() {
                let rows = match &subquery.program.body {
                    Body::Values(rows) if subquery.program.end & FROM_VIEW != 0 => rows.len(),
                    _ => 1,
                };
                for _ in 0..rows {
                    self.add(id, "CREATE BLOOM FILTER");
                }
            }
        }
    }

    /// Subqueries of conditions that are looked at a second time: their results are there, unless they are correlated.
    pub fn again(&mut self, found: &[(SubqueryId, Use)], all: &[Subquery], parent: i64) {
        for (id, how) in found {
            let Some(subquery) = all.get(id.0 as usize) else { continue };
            if !subquery.inputs.is_empty() || stored_name(subquery, *how).is_some() {
                self.subqueries(&[(*id, *how)], all, parent, &mut Vec::new());
                continue;
            }
            let kind = if *how == Use::Scalar { "" } else { "LIST " };
            let number = self.number(subquery.program.end);
            self.add(parent, format!("REUSE {kind}SUBQUERY {number}"));
        }
    }
}

/// What stands for a set that is looked up where it is stored. To seek by it, no value may come twice.
fn stored_name(subquery: &Subquery, how: Use) -> Option<String> {
    let stored = subquery.stored.as_ref()?;
    Some(match &stored.index {
        None => format!("USING ROWID SEARCH ON TABLE {} FOR IN-OPERATOR", stored.table.name),
        Some(index) if how == Use::Seek && (!index.unique || index.columns.len() > 1) => return None,
        Some(index) => format!("USING INDEX {} FOR IN-OPERATOR", index.name),
    })
}
