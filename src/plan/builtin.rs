//! Functions by name: the host's for this number of arguments, else the built-in ones.

use heliosdb_udfs::aggregate::LookupError;
use heliosdb_udfs::signature::{AggregateDef, Scalar, WindowDef};
use heliosdb_udfs::{aggregate, scalar, window};

use super::bound::{AggregateFunction, Function};
use super::context::{Functions, Lookup};

/// What a call calls.
pub enum Callee {
    Scalar(Function),
    Aggregate(AggregateFunction),
    /// A built-in window function that is no aggregate.
    Window(&'static WindowDef),
}

/// The function for this name and number of arguments. The host's functions hide built-in ones only where their
/// number of arguments agrees.
pub fn lookup(functions: &dyn Functions, name: &str, args: usize) -> Lookup<Callee> {
    let mut known = false;
    match functions.scalar(name, args) {
        Lookup::Found(f) => return Lookup::Found(Callee::Scalar(f)),
        Lookup::WrongArguments => known = true,
        Lookup::Missing => {}
    }
    match functions.aggregate(name, args) {
        Lookup::Found(f) => return Lookup::Found(Callee::Aggregate(f)),
        Lookup::WrongArguments => known = true,
        Lookup::Missing => {}
    }
    match scalar_named(name, args) {
        Ok(f) => return Lookup::Found(Callee::Scalar(Function::Builtin(f))),
        Err(e) => known |= e == LookupError::WrongArgumentCount,
    }
    match aggregate_named(name, args) {
        Ok(f) => return Lookup::Found(Callee::Aggregate(AggregateFunction::Builtin(f))),
        Err(e) => known |= e == LookupError::WrongArgumentCount,
    }
    match window::lookup(name, args) {
        Ok(f) => return Lookup::Found(Callee::Window(f)),
        Err(e) => known |= e == LookupError::WrongArgumentCount,
    }
    if known { Lookup::WrongArguments } else { Lookup::Missing }
}

fn scalar_named(name: &str, args: usize) -> Result<&'static Scalar, LookupError> {
    scalar::lookup(name, args)
}

fn aggregate_named(name: &str, args: usize) -> Result<&'static AggregateDef, LookupError> {
    aggregate::lookup(name, args)
}
