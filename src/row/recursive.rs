//! Common table expressions that are computed once and kept, recursive ones included
//! (https://sqlite.org/lang_with.html).

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;

use bumpalo::Bump;
use heliosdb_udfs::value::{Affinity, Value, ValueRef, affinity};
use rustc_hash::FxHashSet;

use super::context::Context;
use super::eval::{Env, eval};
use super::level::Kept;
use super::node::Node;
use super::program::{CteBody, CteProgram, QueryProgram, SortTerm};
use super::run::{QueryRun, row_key, sort_order};
use crate::error::{Error, Result};
use crate::store::record;

/// The rows of a common table, from the statement's shared state if they are there.
pub fn rows_of(cte: &Arc<CteProgram>, id: u32, inputs: Vec<Value>, cx: &Context<'_>) -> Result<Arc<Kept>> {
    let keep = inputs.is_empty();
    if keep && let Some(rows) = cx.shared.common.borrow().get(&id) {
        return Ok(rows.clone());
    }
    let mut kept = Kept::default();
    match &cte.body {
        CteBody::Plain(query) => {
            let mut run = QueryRun::new(query.clone(), inputs);
            while run.next(cx)? {
                kept.push((0..run.width()).map(|i| run.column(i)));
            }
        }
        CteBody::Recursive { .. } => recurse(cte, id, &inputs, &mut kept, cx)?,
    }
    let kept = Arc::new(kept);
    if keep {
        cx.shared.common.borrow_mut().insert(id, kept.clone());
    }
    Ok(kept)
}

/// Rows waiting to be taken out: first-in first-out, or by ORDER BY.
struct Queue<'p> {
    rows: VecDeque<Vec<Value>>,
    sort: &'p [SortTerm],
    seen: Option<(FxHashSet<Vec<u8>>, &'p [heliosdb_udfs::value::Collation])>,
}

impl Queue<'_> {
    fn push(&mut self, row: Vec<Value>) {
        if let Some((seen, collations)) = &mut self.seen
            && !seen.insert(row_key(row.iter().map(Value::as_ref), collations))
        {
            return;
        }
        if self.sort.is_empty() {
            self.rows.push_back(row);
            return;
        }
        let at = self.rows.partition_point(|other| {
            self.sort
                .iter()
                .map(|t| {
                    let (a, b) = (other[t.column].as_ref(), row[t.column].as_ref());
                    sort_order(a, b, &t.collation, t.descending, t.nulls_first)
                })
                .find(|o| o.is_ne())
                .is_none_or(|o| o.is_lt())
        });
        self.rows.insert(at, row);
    }

    fn extend(&mut self, query: &Arc<QueryProgram>, inputs: &[Value], cx: &Context<'_>) -> Result<()> {
        let mut run = QueryRun::new(query.clone(), inputs.to_vec());
        while run.next(cx)? {
            self.push((0..run.width()).map(|i| run.column(i).to_owned()).collect());
        }
        Ok(())
    }
}

fn recurse(cte: &CteProgram, id: u32, inputs: &[Value], kept: &mut Kept, cx: &Context<'_>) -> Result<()> {
    let CteBody::Recursive { seed, steps, distinct, sort, limit, offset } = &cte.body else {
        return Err(Error::internal("not a recursive table"));
    };
    let mut left = number(limit.as_ref(), inputs, cx)?.filter(|n| *n >= 0);
    let mut skip = number(offset.as_ref(), inputs, cx)?.unwrap_or(0).max(0);
    let mut queue = Queue {
        rows: VecDeque::new(),
        sort,
        seen: distinct.as_deref().map(|collations| (FxHashSet::default(), collations)),
    };
    queue.extend(seed, inputs, cx)?;
    // A recursive table may be in use while an outer run of the same one is: put its row back afterwards.
    let outer = cx.shared.recursive.borrow_mut().remove(&id);
    let result = (|| {
        while let Some(row) = queue.rows.pop_front() {
            if left == Some(0) {
                break;
            }
            cx.around.tick()?;
            if skip > 0 {
                skip -= 1;
            } else {
                kept.push(row.iter().map(Value::as_ref));
                if let Some(left) = &mut left {
                    *left -= 1;
                    if *left == 0 {
                        break;
                    }
                }
            }
            let mut bytes = Vec::new();
            record::encode(&mut bytes, row.iter().map(Value::as_ref));
            cx.shared.recursive.borrow_mut().insert(id, bytes);
            for step in steps {
                queue.extend(step, inputs, cx)?;
            }
        }
        Ok(())
    })();
    let mut rows = cx.shared.recursive.borrow_mut();
    match outer {
        Some(row) => rows.insert(id, row),
        None => rows.remove(&id),
    };
    result
}

fn number(node: Option<&Node>, inputs: &[Value], cx: &Context<'_>) -> Result<Option<i64>> {
    let Some(node) = node else { return Ok(None) };
    let arena = Bump::new();
    let json = Cell::new(false);
    let runs: [RefCell<super::run::SubqueryRun>; 0] = [];
    let env = Env { cx, levels: &[], inputs, slots: &[], subqueries: &[], runs: &runs, arena: &arena, json: &json };
    match affinity::apply(eval(node, &env)?, Affinity::Integer, &arena) {
        ValueRef::Integer(i) => Ok(Some(i)),
        _ => Err(Error::mismatch()),
    }
}
