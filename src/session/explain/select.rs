//! A query and its parts.

use super::Tree;
use super::detail;
use super::subquery::{Use, of_level, of_node};
use crate::plan::bound::{CompoundOp, FROM_VIEW};
use crate::row::node::{Node, Subquery, SubqueryId};
use crate::row::program::{
    Access, Aggregation, ArmProgram, Body, CteBody, CteProgram, Join, LevelProgram, QueryProgram, SelectProgram,
    SortKeySource, SourceProgram,
};

impl Tree {
    pub fn query(&mut self, query: &QueryProgram, parent: i64) {
        match &query.body {
            Body::Select(select) => self.select(select, parent),
            Body::Values(rows) if rows.len() == 1 => {
                self.add(parent, "SCAN CONSTANT ROW");
                self.values(query, rows, parent);
            }
            Body::Values(rows) if query.end & FROM_VIEW != 0 => {
                self.add(parent, format!("SCAN {} CONSTANT ROWS", rows.len()));
                self.values(query, rows, parent);
            }
            Body::Values(rows) => {
                self.add(parent, format!("SCAN {}-ROW VALUES CLAUSE", rows.len()));
                self.values(query, rows, parent);
            }
            Body::Compound { first, arms, .. } => {
                let plain = query.sort.is_none() && arms.iter().all(|(op, _)| *op == CompoundOp::UnionAll);
                if plain {
                    let id = self.add(parent, "COMPOUND QUERY");
                    let left = self.add(id, "LEFT-MOST SUBQUERY");
                    self.query(first, left);
                    for (_, arm) in arms {
                        let id = self.add(id, "UNION ALL");
                        self.query(arm, id);
                    }
                } else {
                    self.merge(first, arms, parent);
                }
            }
        }
    }

    /// Parts that come sorted are merged, two at a time from the left.
    fn merge(&mut self, first: &QueryProgram, arms: &[(CompoundOp, std::sync::Arc<QueryProgram>)], parent: i64) {
        let Some(((op, right), before)) = arms.split_last() else { return self.query(first, parent) };
        let name = match op {
            CompoundOp::Union => "UNION",
            CompoundOp::UnionAll => "UNION ALL",
            CompoundOp::Intersect => "INTERSECT",
            CompoundOp::Except => "EXCEPT",
        };
        let id = self.add(parent, format!("MERGE ({name})"));
        let left = self.add(id, "LEFT");
        self.merge(first, before, left);
        let side = self.add(id, "RIGHT");
        self.query(right, side);
    }

    fn values(&mut self, query: &QueryProgram, rows: &[Vec<Node>], parent: i64) {
        let mut found = Vec::new();
        rows.iter().flatten().for_each(|n| of_node(n, &mut found));
        self.subqueries(&found, &query.subqueries, parent, &mut Vec::new());
    }

    /// The rows of an INSERT: a single row of values is no scan.
    pub fn inserted(&mut self, query: &QueryProgram, parent: i64) {
        match &query.body {
            Body::Values(rows) if rows.len() == 1 => self.values(query, rows, parent),
            _ => self.query(query, parent),
        }
    }

    fn select(&mut self, select: &SelectProgram, parent: i64) {
        let Some(windows) = &select.windows else { return self.rows_of(select, parent) };
        // (What computes the windows is a query of its own; in a merged compound SQLite makes it two.)
        let mut names = Vec::new();
        let mut id = parent;
        for _ in 0..if select.merged.is_some() { 2 } else { 1 } {
            let name = format!("(subquery-{})", self.number(0));
            let inner = self.add(id, format!("CO-ROUTINE {name}"));
            names.push((id, name));
            id = inner;
        }
        self.rows_of(select, id);
        self.order_by(windows.sorted, windows.terms, id);
        for (id, name) in names.into_iter().rev() {
            self.add(id, format!("SCAN {name}"));
        }
        self.distinct(select, parent);
        self.last_steps(select, parent);
    }

    /// The loops, and what comes right behind them.
    fn rows_of(&mut self, select: &SelectProgram, parent: i64) {
        let mut in_from: Vec<&LevelProgram> = select.levels.iter().collect();
        in_from.sort_by_key(|l| l.position);
        let names = self.sources(&in_from, parent);
        let mut shown = Vec::new();
        let show = |tree: &mut Tree, found: &[(SubqueryId, Use)], shown: &mut Vec<u32>| {
            tree.subqueries(found, &select.subqueries, parent, shown);
        };
        if let Some(aggregation) = select.aggregation.as_ref().filter(|a| !a.grouped) {
            self.distinct_aggregates(aggregation, select, parent);
        }
        if select.levels.is_empty() {
            self.add(parent, "SCAN CONSTANT ROW");
        }
        // SQLite asks subqueries of conditions that need no source within the first loop.
        let mut early = Vec::new();
        select.precondition.iter().for_each(|n| of_node(n, &mut early));
        let alone = |a: &Aggregation| !a.grouped && a.extreme == Some(0) && a.aggregates.len() == 1;
        let direct = select.aggregation.as_ref().is_some_and(|a| alone(a) && a.having.is_empty());
        // `count(*)` by itself names the table, whatever the query calls it.
        let counts = matches!(&select.output[..], [Node::Slot(_)])
            && select.aggregation.as_ref().is_some_and(|a| a.counts_table && a.aggregates.len() == 1);
        for level in &select.levels {
            let mut name = names.get(usize::from(level.position)).map_or(&*level.name, |n| n);
            if counts && let SourceProgram::Table { table, .. } | SourceProgram::KeyTable { table, .. } = &level.source
            {
                name = &table.name;
            }
            self.level(level, name, direct, parent, &select.subqueries, &mut shown);
            let (access, conditions) = of_level(level);
            show(self, &access, &mut shown);
            show(self, &std::mem::take(&mut early), &mut shown);
            show(self, &conditions, &mut shown);
        }
        show(self, &early, &mut shown);
        let mut found = Vec::new();
        if let Some(aggregation) = &select.aggregation {
            aggregation.keys.iter().for_each(|(n, _)| of_node(n, &mut found));
            for a in &aggregation.aggregates {
                a.args.iter().chain(&a.filter).for_each(|n| of_node(n, &mut found));
            }
            if aggregation.grouped && !aggregation.in_order {
                show(self, &found, &mut shown);
                found.clear();
                self.add(parent, "USE TEMP B-TREE FOR GROUP BY");
            } else {
                show(self, &found, &mut shown);
                found.clear();
            }
            self.unmatched(select, &names, parent);
            aggregation.having.iter().for_each(|n| of_node(n, &mut found));
        }
        if select.sorts_distinct {
            self.distinct(select, parent);
        }
        select.output.iter().for_each(|n| of_node(n, &mut found));
        if let Some(sort) = &select.sort {
            for key in &sort.keys {
                if let SortKeySource::Node(n) = &key.key {
                    of_node(n, &mut found);
                }
            }
        }
        show(self, &found, &mut shown);
        if let Some(aggregation) = select.aggregation.as_ref().filter(|a| a.grouped) {
            self.distinct_aggregates(aggregation, select, parent);
        }
        // With a sort behind it, DISTINCT is done within the loops.
        let sorted = select.sort.is_some() && select.aggregation.is_none();
        if select.windows.is_none() && sorted && !select.sorts_distinct {
            self.distinct(select, parent);
        }
        if select.aggregation.is_none() {
            self.unmatched(select, &names, parent);
        }
        if select.windows.is_none() {
            if !sorted && !select.sorts_distinct {
                self.distinct(select, parent);
            }
            if !select.sorts_distinct || select.distinct_in_order {
                self.last_steps(select, parent);
            }
        }
    }

    /// The rows of RIGHT and FULL joins that nothing on their left has matched.
    fn unmatched(&mut self, select: &SelectProgram, names: &[String], parent: i64) {
        for level in select.levels.iter().filter(|l| matches!(l.join, Join::Right | Join::Full)) {
            let name = names.get(usize::from(level.position)).map_or(&*level.name, |n| n);
            let table = match &level.source {
                SourceProgram::Table { table, .. } | SourceProgram::KeyTable { table, .. } => &table.name,
                SourceProgram::Query { view: Some(view), .. } => view,
                SourceProgram::Cte { cte, .. } => &cte.name,
                _ => name,
            };
            let id = self.add(parent, format!("RIGHT-JOIN {table}"));
            let whole = level.whole.as_deref();
            self.add(id, whole.map_or_else(|| format!("SCAN {name}"), |source| detail::unmatched(source, name)));
            // The last of them looks at WHERE once more.
            let mut found = Vec::new();
            level.filters.iter().for_each(|n| of_node(n, &mut found));
            self.again(&found, &select.subqueries, id);
        }
    }

    fn distinct(&mut self, select: &SelectProgram, parent: i64) {
        let open = if select.sorts_distinct { select.sort.is_some() } else { select.distinct.is_some() };
        if open && !select.distinct_in_order {
            self.add(parent, "USE TEMP B-TREE FOR DISTINCT");
        }
    }

    fn last_steps(&mut self, select: &SelectProgram, parent: i64) {
        // One row needs no order.
        if select.levels.is_empty() && select.windows.is_none() {
            return;
        }
        let (sorted, terms) = match (&select.sort, select.merged) {
            (_, Some(merged)) => merged,
            (Some(sort), None) => (sort.sorted, sort.keys.len()),
            (None, None) => (0, 0),
        };
        self.order_by(sorted, terms, parent);
    }

    fn order_by(&mut self, sorted: usize, terms: usize, parent: i64) {
        match terms - sorted.min(terms) {
            0 => {}
            _ if sorted == 0 => drop(self.add(parent, "USE TEMP B-TREE FOR ORDER BY")),
            1 => drop(self.add(parent, "USE TEMP B-TREE FOR LAST TERM OF ORDER BY")),
            n => drop(self.add(parent, format!("USE TEMP B-TREE FOR LAST {n} TERMS OF ORDER BY"))),
        }
    }

    fn distinct_aggregates(&mut self, aggregation: &Aggregation, select: &SelectProgram, parent: i64) {
        for a in aggregation.aggregates.iter().filter(|a| a.distinct) {
            if !select.aggregate_in_order {
                self.add(parent, format!("USE TEMP B-TREE FOR {}(DISTINCT)", a.name()));
            }
        }
    }

    fn level(
        &mut self,
        level: &LevelProgram,
        name: &str,
        direct: bool,
        parent: i64,
        all: &[Subquery],
        shown: &mut Vec<u32>,
    ) {
        if let Some(bloom) = detail::bloom(level, name) {
            self.add(parent, bloom);
        }
        if let SourceProgram::Table { access: Access::Or(arms), table, .. }
        | SourceProgram::KeyTable { access: Access::Or(arms), table, .. } = &level.source
        {
            let shown_arm = |arm: &ArmProgram| detail::access_text(&arm.access, table, name) + detail::suffix(level);
            let arms: Vec<(&ArmProgram, String)> = arms.iter().map(|arm| (arm, shown_arm(arm))).collect();
            self.arms(&arms, 0, parent, all, shown);
            return;
        }
        let mut line = detail::line(level, name);
        // The first row decides: that is a search.
        if direct && let Some(rest) = line.strip_prefix("SCAN") {
            let primary = matches!(level.source, SourceProgram::KeyTable { access: Access::Scan { .. }, .. });
            line = format!("SEARCH{rest}{}", if primary { " USING PRIMARY KEY" } else { "" });
        }
        self.add(parent, line);
    }

    /// The arms of an OR that stand `depth` ORs deep, each with its access as text.
    fn arms(
        &mut self,
        arms: &[(&ArmProgram, String)],
        depth: usize,
        parent: i64,
        all: &[Subquery],
        shown: &mut Vec<u32>,
    ) {
        let or = self.add(parent, "MULTI-INDEX OR");
        for (n, group) in arms.chunk_by(|a, b| a.0.path[depth] == b.0.path[depth]).enumerate() {
            let id = self.add(or, format!("INDEX {}", n + 1));
            match group {
                [(arm, text)] if arm.path.len() == depth + 1 => {
                    let mut found = Vec::new();
                    detail::nodes(&arm.access).into_iter().chain(&arm.filters).for_each(|n| of_node(n, &mut found));
                    self.subqueries(&found, all, id, shown);
                    self.add(id, text.as_str());
                }
                _ => self.arms(group, depth + 1, id, all, shown),
            }
        }
    }

    /// Subqueries in FROM, in written order; yields the names of the sources.
    fn sources(&mut self, levels: &[&LevelProgram], parent: i64) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let kept = |l: &&LevelProgram| matches!(l.join, Join::Left | Join::Full | Join::Right);
        let mut coroutine = !levels.iter().any(|l| matches!(l.join, Join::Full | Join::Right));
        for (n, level) in levels.iter().enumerate() {
            let name = level.name.to_string();
            coroutine &= !kept(level) && !level.cross;
            names.push(match &level.source {
                SourceProgram::Query { program, view, .. } => {
                    // A view that stands there twice is made once.
                    let same = |other: &&LevelProgram| is_same_view(level, other);
                    if levels[..n].iter().any(|other| !other.narrowed && same(other)) {
                        name
                    } else {
                        // Whether one behind it will be narrowed is not known yet.
                        let coroutine = coroutine && !levels[n + 1..].iter().any(same);
                        self.nested(program, view.as_deref(), name, coroutine, parent)
                    }
                }
                SourceProgram::Cte { cte, id, .. } => {
                    if !self.shown.contains(id) {
                        self.shown.push(*id);
                        self.common(cte, coroutine, parent);
                    }
                    name
                }
                _ => name,
            });
            coroutine &= !matches!(level.source, SourceProgram::Query { .. } | SourceProgram::Cte { .. });
        }
        names
    }

    fn nested(
        &mut self,
        program: &QueryProgram,
        view: Option<&str>,
        name: String,
        coroutine: bool,
        parent: i64,
    ) -> String {
        if let Body::Values(rows) = &program.body
            && rows.len() > 1
        {
            return format!("{}-ROW VALUES CLAUSE", rows.len());
        }
        let name = if name.is_empty() { format!("(subquery-{})", self.number(program.end)) } else { name };
        let verb = if coroutine { "CO-ROUTINE" } else { "MATERIALIZE" };
        let id = self.add(parent, format!("{verb} {}", view.unwrap_or(&name)));
        self.query(program, id);
        name
    }

    fn common(&mut self, cte: &CteProgram, coroutine: bool, parent: i64) {
        match &cte.body {
            CteBody::Plain(query) => {
                let id = self.add(parent, format!("MATERIALIZE {}", cte.name));
                self.query(query, id);
            }
            CteBody::Recursive { seed, steps, .. } => {
                let verb = if coroutine { "CO-ROUTINE" } else { "MATERIALIZE" };
                let id = self.add(parent, format!("{verb} {}", cte.name));
                let setup = self.add(id, "SETUP");
                self.query(seed, setup);
                for step in steps {
                    let step_id = self.add(id, "RECURSIVE STEP");
                    self.query(step, step_id);
                }
            }
        }
    }
}

/// Whether another source is the same view as one that is as it was written.
fn is_same_view(one: &LevelProgram, other: &LevelProgram) -> bool {
    let view = |level: &LevelProgram| match &level.source {
        SourceProgram::Query { view, .. } => view.clone(),
        _ => None,
    };
    !one.narrowed && view(one).is_some_and(|name| view(other).is_some_and(|n| n.eq_ignore_ascii_case(&name)))
}
