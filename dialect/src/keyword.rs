//! SQLite's keywords and which of them may also be names (https://sqlite.org/lang_keywords.html).

macro_rules! keywords {
    ($($name:ident $text:literal $fallback:literal),* $(,)?) => {
        /// A keyword.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Keyword { $($name),* }

        const ALL: &[(Keyword, &str, bool)] = &[$((Keyword::$name, $text, $fallback)),*];
    };
}

// The third column: whether the word may stand where the grammar takes a name.
keywords! {
    Abort "ABORT" true, Action "ACTION" true, Add "ADD" false, After "AFTER" true, All "ALL" false,
    Alter "ALTER" false, Always "ALWAYS" true, Analyze "ANALYZE" true, And "AND" false, As "AS" false,
    Asc "ASC" true, Attach "ATTACH" true, Autoincrement "AUTOINCREMENT" false, Before "BEFORE" true,
    Begin "BEGIN" true, Between "BETWEEN" false, By "BY" true, Cascade "CASCADE" true, Case "CASE" false,
    Cast "CAST" true, Check "CHECK" false, Collate "COLLATE" false, Column "COLUMN" true,
    Commit "COMMIT" false, Conflict "CONFLICT" true, Constraint "CONSTRAINT" false, Create "CREATE" false,
    Cross "CROSS" true, Current "CURRENT" true, CurrentDate "CURRENT_DATE" true,
    CurrentTime "CURRENT_TIME" true, CurrentTimestamp "CURRENT_TIMESTAMP" true, Database "DATABASE" true,
    Default "DEFAULT" false, Deferrable "DEFERRABLE" false, Deferred "DEFERRED" true, Delete "DELETE" false,
    Desc "DESC" true, Detach "DETACH" true, Distinct "DISTINCT" false, Do "DO" true, Drop "DROP" false,
    Each "EACH" true, Else "ELSE" false, End "END" true, Escape "ESCAPE" false, Except "EXCEPT" false,
    Exclude "EXCLUDE" true, Exclusive "EXCLUSIVE" true, Exists "EXISTS" false, Explain "EXPLAIN" true,
    Fail "FAIL" true, Filter "FILTER" true, First "FIRST" true, Following "FOLLOWING" true, For "FOR" true,
    Foreign "FOREIGN" false, From "FROM" false, Full "FULL" true, Generated "GENERATED" true,
    Glob "GLOB" true, Group "GROUP" false, Groups "GROUPS" true, Having "HAVING" false, If "IF" true,
    Ignore "IGNORE" true, Immediate "IMMEDIATE" true, In "IN" false, Index "INDEX" false,
    Indexed "INDEXED" true, Initially "INITIALLY" true, Inner "INNER" true, Insert "INSERT" false,
    Instead "INSTEAD" true, Intersect "INTERSECT" false, Into "INTO" false, Is "IS" false,
    Isnull "ISNULL" false, Join "JOIN" false, Key "KEY" true, Last "LAST" true, Left "LEFT" true,
    Like "LIKE" true, Limit "LIMIT" false, Match "MATCH" true, Materialized "MATERIALIZED" true,
    Natural "NATURAL" true, No "NO" true, Not "NOT" false, Nothing "NOTHING" false, Notnull "NOTNULL" false,
    Null "NULL" false, Nulls "NULLS" true, Of "OF" true, Offset "OFFSET" true, On "ON" false, Or "OR" false,
    Order "ORDER" false, Others "OTHERS" true, Outer "OUTER" true, Over "OVER" true,
    Partition "PARTITION" true, Plan "PLAN" true, Pragma "PRAGMA" true, Preceding "PRECEDING" true,
    Primary "PRIMARY" false, Query "QUERY" true, Raise "RAISE" true, Range "RANGE" true,
    Recursive "RECURSIVE" true, References "REFERENCES" false, Regexp "REGEXP" true, Reindex "REINDEX" true,
    Release "RELEASE" true, Rename "RENAME" true, Replace "REPLACE" true, Restrict "RESTRICT" true,
    Returning "RETURNING" false, Right "RIGHT" true, Rollback "ROLLBACK" true, Row "ROW" true,
    Rows "ROWS" true, Savepoint "SAVEPOINT" true, Select "SELECT" false, Set "SET" false,
    Table "TABLE" false, Temp "TEMP" true, Temporary "TEMPORARY" true, Then "THEN" false, Ties "TIES" true,
    To "TO" false, Transaction "TRANSACTION" false, Trigger "TRIGGER" true, Unbounded "UNBOUNDED" true,
    Union "UNION" false, Unique "UNIQUE" false, Update "UPDATE" false, Using "USING" false,
    Vacuum "VACUUM" true, Values "VALUES" false, View "VIEW" true, Virtual "VIRTUAL" true, When "WHEN" false,
    Where "WHERE" false, Window "WINDOW" true, With "WITH" true, Within "WITHIN" true, Without "WITHOUT" true,
}

const LONGEST: usize = 17;
const BUCKETS: usize = 512;

struct Table {
    /// First position in `ALL` + 1 by bucket; 0 is empty.
    heads: [u8; BUCKETS],
    /// The next position + 1 of the same bucket.
    next: [u8; ALL.len()],
}

/// A letter in capitals. Of the other bytes of words none becomes a letter, and `_` stays.
const fn upper(b: u8) -> u8 {
    b & !0x20
}

const fn bucket(word: &[u8]) -> usize {
    let first = upper(word[0]) as usize;
    let second = upper(word[1]) as usize;
    let last = upper(word[word.len() - 1]) as usize;
    (first * 151 + second * 182 + last * 58 + word.len() * 214) % BUCKETS
}

static TABLE: Table = {
    let mut table = Table { heads: [0; BUCKETS], next: [0; ALL.len()] };
    let mut i = 0;
    while i < ALL.len() {
        let b = bucket(ALL[i].1.as_bytes());
        table.next[i] = table.heads[b];
        table.heads[b] = i as u8 + 1;
        i += 1;
    }
    table
};

/// The keyword a word is, ASCII case-insensitively. A word holds letters, digits, `_`, `$` and bytes beyond ASCII.
pub fn lookup(word: &[u8]) -> Option<Keyword> {
    if word.len() < 2 || word.len() > LONGEST {
        return None;
    }
    let mut at = TABLE.heads[bucket(word)];
    while at != 0 {
        let i = at as usize - 1;
        let text = ALL[i].1.as_bytes();
        if text.len() == word.len() && text.iter().zip(word).all(|(t, w)| *t == upper(*w)) {
            return Some(ALL[i].0);
        }
        at = TABLE.next[i];
    }
    None
}

impl Keyword {
    /// Whether the word may be a name where the grammar has no use for the keyword.
    pub fn may_be_name(self) -> bool {
        ALL[self as usize].2
    }

    /// Words that are names in expressions and after a table too (`JOIN_KW`): CROSS, LEFT, …
    pub fn is_join_word(self) -> bool {
        matches!(
            self,
            Keyword::Cross
                | Keyword::Full
                | Keyword::Inner
                | Keyword::Left
                | Keyword::Natural
                | Keyword::Outer
                | Keyword::Right
        )
    }
}
