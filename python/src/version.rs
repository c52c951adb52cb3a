//! What differs between the `sqlite3` modules of CPython's versions, as one table.
//!
//! The module always has the surface of 3.13; where an older interpreter's `sqlite3` *behaves* differently, we
//! behave as the running interpreter's. Code asks a field of [`Differences`], never a version number.

/// One field per difference. The comment says what holds when it is true.
#[derive(Clone, Copy, Debug)]
pub struct Differences {
    /// Until 3.8: SQL that is not str is a ValueError in `execute` & co., a Warning in a call of the connection.
    pub statement_type_is_value_error: bool,
    /// Until 3.8: errors of backup() have SQLite's general text for their code.
    pub backup_errors_general: bool,
    /// Until 3.10: a cursor holds the next row converted already, so `execute` raises the first row's decoding errors.
    pub row_converted_ahead: bool,
    /// Until 3.10: after a rollback, fetching from an older cursor raises InterfaceError.
    pub rollback_resets_cursors: bool,
    /// Until 3.9: fetching the last row of a RETURNING does not set rowcount.
    pub rowcount_set_by_execute_only: bool,
    /// Until 3.10: executemany() refuses a statement that returns rows, when the first row comes.
    pub executemany_refuses_rows: bool,
    /// Until 3.10: an unsupported parameter type is an InterfaceError counting from 0.
    pub unsupported_type_is_interface_error: bool,
    /// Until 3.10: parameters of a wrong kind are a ValueError.
    pub wrong_parameters_are_value_error: bool,
    /// Until 3.10: a second statement in the text is a Warning, and so is text that is not UTF-8; NUL a ValueError.
    pub statement_text_warns: bool,
    /// Until 3.10: `isolation_level` is checked and kept as written, with other messages.
    pub isolation_level_as_written: bool,
    /// Until 3.10: `execute` & co. of a connection call its `cursor` method, which a subclass may override.
    pub connection_calls_cursor_method: bool,
    /// Until 3.10: exceptions in callbacks are printed (`sys.excepthook`) rather than reported as unraisable.
    pub callback_errors_printed: bool,
    /// Until 3.10: SQLITE_MISUSE is a ProgrammingError, SQLITE_RANGE a DatabaseError.
    pub misuse_is_programming_error: bool,
    /// Until 3.10: `__enter__` does not look at the connection; scripts end at a NUL.
    pub lenient_entry: bool,
    /// Until 3.10: what is wrong with the constructor's arguments is worded without its name.
    pub constructor_unnamed: bool,
    /// Until 3.10: a collation's name may be upper case ASCII only by its own check, with its own message.
    pub collation_name_checked: bool,
    /// Until 3.10: an object whose buffer cannot be had is a ValueError.
    pub buffer_errors_are_value_errors: bool,
    /// Until 3.10: MemoryError and OverflowError in functions are errors like all others; an aggregate without `step` raises
    /// AttributeError, one without `finalize` is worded like one that raises.
    pub callback_errors_alike: bool,
    /// Until 3.10: `threadsafety` is 1.
    pub threadsafety_is_one: bool,
    /// Until 3.11: `OptimizedUnicode` is there, deprecated.
    pub optimized_unicode_exists: bool,
    /// Until 3.11: executemany() with RETURNING drops the rows; later it raises when a run begins before the rows of the one
    /// before were fetched.
    pub executemany_resets_rows: bool,
    /// Until 3.11: `check_same_thread` must be an integer.
    pub check_same_thread_is_int: bool,
    /// From 3.12: named placeholders with a sequence are deprecated.
    pub named_with_sequence_deprecated: bool,
    /// From 3.12: the default adapters and converters, `version` and `version_info` are deprecated.
    pub defaults_deprecated: bool,
    /// From 3.13: positional arguments of connect() beyond the first, and keyword arguments that become
    /// positional-only, are deprecated.
    pub call_forms_deprecated: bool,
    /// From 3.13: a connection that is dropped open warns.
    pub unclosed_connection_warns: bool,
    /// From 3.13: unknown keyword arguments are reported as `f() got an unexpected keyword argument`.
    pub unexpected_keyword_wording: bool,
    /// From 3.13: create_function & co. check the number of arguments themselves in create_window_function only;
    /// from 3.14 in all.
    pub argument_count_checked: bool,
    /// From 3.13: iterdump() begins with switching foreign keys off if some are violated.
    pub dump_checks_foreign_keys: bool,
    /// From 3.14: named placeholders with a sequence are a ProgrammingError.
    pub named_with_sequence_refused: bool,
}

impl Differences {
    /// Of CPython 3.`minor`.
    pub const fn of(minor: u8) -> Differences {
        let until_3_10 = minor <= 10;
        Differences {
            statement_type_is_value_error: minor <= 8,
            backup_errors_general: minor <= 8,
            row_converted_ahead: until_3_10,
            rollback_resets_cursors: until_3_10,
            rowcount_set_by_execute_only: minor <= 9,
            executemany_refuses_rows: until_3_10,
            unsupported_type_is_interface_error: until_3_10,
            wrong_parameters_are_value_error: until_3_10,
            statement_text_warns: until_3_10,
            isolation_level_as_written: until_3_10,
            connection_calls_cursor_method: until_3_10,
            callback_errors_printed: until_3_10,
            misuse_is_programming_error: until_3_10,
            lenient_entry: until_3_10,
            constructor_unnamed: until_3_10,
            collation_name_checked: until_3_10,
            buffer_errors_are_value_errors: until_3_10,
            callback_errors_alike: until_3_10,
            threadsafety_is_one: until_3_10,
            optimized_unicode_exists: minor <= 11,
            executemany_resets_rows: minor <= 11,
            check_same_thread_is_int: minor <= 11,
            named_with_sequence_deprecated: minor >= 12 && minor < 14,
            defaults_deprecated: minor >= 12,
            call_forms_deprecated: minor >= 13,
            unclosed_connection_warns: minor >= 13,
            unexpected_keyword_wording: minor >= 13,
            dump_checks_foreign_keys: minor >= 13,
            argument_count_checked: minor >= 14,
            named_with_sequence_refused: minor >= 14,
        }
    }
    /// Those that the package's Python code asks for, as private attributes of the compiled module.
    pub fn asked_by_python(&self) -> [(&'static str, bool); 4] {
        [
            ("_defaults_deprecated", self.defaults_deprecated),
            ("_threadsafety_is_one", self.threadsafety_is_one),
            ("_optimized_unicode_exists", self.optimized_unicode_exists),
            ("_dump_checks_foreign_keys", self.dump_checks_foreign_keys),
        ]
    }
}
