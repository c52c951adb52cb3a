//! What a host language registered on a connection, by name and number of arguments.

use std::sync::Arc;

use heliosdb_udfs::value::Collation;
use heliosdb_udfs::value::collation::CustomCollation;
use rustc_hash::FxHashMap;

use super::{pragma, table_function};
use crate::catalog::environment::{Environment, FunctionKind};
use crate::catalog::schema::fold;
use crate::env::callback::{UserAggregate, UserScalar};
use crate::plan::bound::{AggregateFunction, Function, TableFunction};
use crate::plan::{Functions, Lookup};
use crate::store::container::Definitions;

#[derive(Clone)]
pub enum Registered {
    Scalar { function: Arc<dyn UserScalar>, deterministic: bool, direct_only: bool },
    Aggregate(Arc<dyn UserAggregate>),
}

#[derive(Clone, Default)]
pub struct Registry {
    /// By lowercased name; the number of arguments is -1 for any.
    pub functions: FxHashMap<Box<str>, Vec<(i32, Registered)>>,
    pub collations: FxHashMap<Box<str>, Arc<dyn CustomCollation>>,
}

impl Registry {
    /// Registers a function, or takes one away.
    pub fn set(&mut self, name: &str, args: i32, function: Option<Registered>) {
        let entry = self.functions.entry(fold(name)).or_default();
        entry.retain(|(n, _)| *n != args);
        if let Some(function) = function {
            entry.push((args, function));
        }
    }

    /// The function for exactly this many arguments, or for any number.
    fn find(&self, name: &str, args: usize) -> Option<&Registered> {
        if self.functions.is_empty() {
            return None;
        }
        let entry = self.functions.get(&fold(name))?;
        let exact = entry.iter().find(|(n, _)| usize::try_from(*n).is_ok_and(|n| n == args));
        exact.or_else(|| entry.iter().find(|(n, _)| *n < 0)).map(|(_, f)| f)
    }

    pub fn is_empty(&self) -> bool {
        self.functions.is_empty() && self.collations.is_empty()
    }

    /// What a file may use: its rows are not written with aggregates.
    pub fn definitions(&self) -> Definitions {
        let all = self.functions.iter().flat_map(|(name, all)| all.iter().map(move |entry| (name, entry)));
        let scalars = all.filter_map(|(name, (args, function))| match function {
            Registered::Scalar { function, .. } => Some((name.clone(), *args, function.clone())),
            Registered::Aggregate(_) => None,
        });
        Definitions { scalars: scalars.collect(), collations: self.collations.values().cloned().collect() }
    }

    fn has_name(&self, name: &str) -> bool {
        self.functions.get(&fold(name)).is_some_and(|e| !e.is_empty())
    }
}

impl Functions for Registry {
    fn scalar(&self, name: &str, args: usize) -> Lookup<Function> {
        match self.find(name, args) {
            Some(Registered::Scalar { function, deterministic, .. }) => Lookup::Found(Function::User {
                name: name.into(),
                function: function.clone(),
                deterministic: *deterministic,
            }),
            None if self.has_name(name) => Lookup::WrongArguments,
            _ => Lookup::Missing,
        }
    }

    fn aggregate(&self, name: &str, args: usize) -> Lookup<AggregateFunction> {
        match self.find(name, args) {
            Some(Registered::Aggregate(function)) => {
                Lookup::Found(AggregateFunction::User { name: name.into(), function: function.clone() })
            }
            None if self.has_name(name) => Lookup::WrongArguments,
            _ => Lookup::Missing,
        }
    }

    fn collation(&self, name: &str) -> Option<Collation> {
        if self.collations.is_empty() {
            return None;
        }
        self.collations.get(&fold(name)).map(|c| Collation::Custom(Box::new(c.clone())))
    }

    fn table_function(&self, name: &str) -> Option<Arc<TableFunction>> {
        table_function::find(name).or_else(|| pragma::table_function(name).map(Arc::new))
    }
}

impl Environment for Registry {
    fn has_collation(&self, name: &str) -> bool {
        Collation::built_in(name).is_some() || self.collations.contains_key(&fold(name))
    }

    fn function(&self, name: &str, args: usize) -> FunctionKind {
        use heliosdb_udfs::signature::Flags;
        match self.find(name, args) {
            Some(Registered::Scalar { deterministic, .. }) => {
                return FunctionKind::Scalar { deterministic: *deterministic };
            }
            Some(Registered::Aggregate(_)) => return FunctionKind::Aggregate,
            None => {}
        }
        let mut known = self.has_name(name);
        match heliosdb_udfs::scalar::lookup(name, args) {
            Ok(f) => {
                let deterministic = f.flags.has(Flags::DETERMINISTIC) || f.flags.has(Flags::DETERMINISTIC_UNLESS_NOW);
                return FunctionKind::Scalar { deterministic };
            }
            Err(e) => known |= e == heliosdb_udfs::aggregate::LookupError::WrongArgumentCount,
        }
        match heliosdb_udfs::aggregate::lookup(name, args) {
            Ok(_) => return FunctionKind::Aggregate,
            Err(e) => known |= e == heliosdb_udfs::aggregate::LookupError::WrongArgumentCount,
        }
        match heliosdb_udfs::window::lookup(name, args) {
            Ok(_) => return FunctionKind::Window,
            Err(e) => known |= e == heliosdb_udfs::aggregate::LookupError::WrongArgumentCount,
        }
        if known { FunctionKind::WrongArgumentCount } else { FunctionKind::Unknown }
    }
}
