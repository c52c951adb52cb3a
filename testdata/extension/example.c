/* A SQLite extension for tests. It needs no headers: the table of functions that SQLite hands over
** (`sqlite3_api_routines`, which only ever grows) is used by the places of its members. */

typedef void (*function)(void);

static function *api;

#define CALL(place, result, ...) ((result(*)(__VA_ARGS__))api[place])

#define aggregate_context CALL(0, void *, void *, int)
#define create_collation CALL(43, int, void *, const char *, int, void *, int (*)(void *, int, const void *, int, const void *))
#define create_function                                                                                              \
  CALL(45, int, void *, const char *, int, int, void *, void (*)(void *, int, void **), void (*)(void *, int, void **), \
       void (*)(void *))
#define result_error CALL(80, void, void *, const char *, int)
#define result_error_code CALL(146, void, void *, int)
#define result_int64 CALL(83, void, void *, long long)
#define result_value CALL(89, void, void *, void *)
#define value_bytes CALL(103, int, void *)
#define value_int64 CALL(107, long long, void *)
#define value_type CALL(113, int, void *)

#define UTF8 1
#define INTEGER 1
#define DETERMINISTIC 0x800

/* ext_same(X): its argument, whatever it is. */
static void same(void *context, int count, void **args) {
  (void)count;
  result_value(context, args[0]);
}

/* ext_count(...): how many arguments there are. */
static void count_args(void *context, int count, void **args) {
  (void)args;
  result_int64(context, count);
}

/* ext_fail(X): an error; with 19 it is SQLITE_CONSTRAINT. */
static void fail(void *context, int count, void **args) {
  (void)count;
  result_error(context, "the extension says no", -1);
  if (value_int64(args[0])) result_error_code(context, (int)value_int64(args[0]));
}

/* ext_trace(X): a number that depends on the values and their order; -1 is an error. */
static void trace_step(void *context, int count, void **args) {
  long long *state = aggregate_context(context, sizeof(long long));
  (void)count;
  if (!state) return;
  if (value_type(args[0]) == INTEGER && value_int64(args[0]) == -1) {
    result_error(context, "no value of -1", -1);
    return;
  }
  *state = *state * 31 % 1000000007 + value_type(args[0]) * 1000 + value_bytes(args[0]);
}

static void trace_final(void *context) {
  long long *state = aggregate_context(context, 0);
  result_int64(context, state ? *state : -7);
}

/* ext_length: shorter texts first. */
static int by_length(void *data, int a_len, const void *a, int b_len, const void *b) {
  (void)data, (void)a, (void)b;
  return a_len - b_len;
}

int sqlite3_example_init(void *db, char **message, function *routines) {
  int rc;
  (void)message;
  api = routines;
  rc = create_function(db, "ext_same", 1, UTF8 | DETERMINISTIC, 0, same, 0, 0);
  if (!rc) rc = create_function(db, "ext_count", -1, UTF8, 0, count_args, 0, 0);
  if (!rc) rc = create_function(db, "ext_fail", 1, UTF8, 0, fail, 0, 0);
  if (!rc) rc = create_function(db, "ext_trace", 1, UTF8, 0, 0, trace_step, trace_final);
  if (!rc) rc = create_collation(db, "ext_length", UTF8, 0, by_length);
  return rc;
}

/* Puts another function in the place of a built-in one. */
int other_init(void *db, char **message, function *routines) {
  (void)message;
  api = routines;
  return create_function(db, "upper", 1, UTF8, 0, same, 0, 0);
}

int failing_init(void *db, char **message, function *routines) {
  (void)db, (void)message, (void)routines;
  return 1;
}
