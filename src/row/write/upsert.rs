//! ON CONFLICT … DO (https://sqlite.org/lang_upsert.html).

use std::sync::Arc;

use heliosdb_udfs::value::Value;

use super::Run;
use super::key::{self, Holder};
use super::lower::{InsertProgram, UpsertUpdate};
use super::row::{Row, check_types, with_env};
use crate::error::Result;
use crate::plan::bound::Conflict;
use crate::row::eval::{eval, truth};
use crate::store::RowTree;

impl Run<'_> {
    /// The row that violates the uniqueness constraint an UPSERT clause answers.
    pub fn upsert_holder(
        &self,
        program: &InsertProgram,
        clause: Option<Option<usize>>,
        row: &Row,
        tree: Option<&Arc<RowTree>>,
    ) -> Result<Option<Holder>> {
        let target = &program.target;
        let view = self.cx.around.live_view(target.database)?;
        let by_rowid = matches!(clause, None | Some(None));
        if by_rowid
            && let Some(tree) = tree
            && tree.get(row.rowid, view).is_some()
        {
            return Ok(Some(Holder::Rowid(row.rowid)));
        }
        check_types(&target.table, row)?;
        for &i in &target.check_order {
            let index = &target.indexes[i];
            let answers = match clause {
                None => index.index.unique,
                Some(Some(wanted)) => wanted == i,
                Some(None) => false,
            };
            if !answers {
                continue;
            }
            let Some(entry) = key::entry_key(target, index, row, self.cx)? else { continue };
            let tree = self.cx.around.key_tree(target.database, index.index.id)?;
            let found = if index.primary {
                tree.get(&entry.prefix, view).map(|_| Holder::Primary(entry.prefix.clone()))
            } else {
                key::holder(&tree, index, &entry, target.table.has_rowid(), view)
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// DO UPDATE on the row in the way.
    pub fn upsert(
        &mut self,
        program: &InsertProgram,
        update: &UpsertUpdate,
        holder: Holder,
        proposed: &Row,
    ) -> Result<()> {
        let target = &program.target;
        let Some((existing, primary)) = self.read_holder(target, &holder)? else { return Ok(()) };
        let levels = [existing.level(), proposed.level()];
        let set = with_env(&levels, self.inputs, &update.subqueries, self.cx, |env| {
            if let Some(filter) = &update.filter
                && truth(filter, env)? != Some(true)
            {
                return Ok(None);
            }
            let mut set: Vec<(u16, Value)> = Vec::with_capacity(update.set.len());
            for (column, node) in &update.set {
                set.push((*column, eval(node, env)?.to_owned()));
            }
            Ok(Some(set))
        })?;
        let Some(set) = set else { return Ok(()) };
        // An UPSERT's update fails where it meets other constraints, whatever these say.
        self.update_row(target, Some(Conflict::Abort), &existing, primary.as_deref(), set, program.returning.as_ref())
    }
}
