select abs(NULL), abs('-3'), abs('x'), abs(-0.0), abs(x'31')

select char(), char(0x1F600, 'x', NULL), coalesce(NULL, NULL, 3), concat('a', NULL, 1, x'42'), concat_ws('-', 'a', NULL, 2, ''), concat_ws(NULL, 1)

select ifnull(NULL, 1), iif(0, 1), iif(1, 2, 3), if(0, 1, 2), iif(0, 1, 0, 2, 3), nullif(1, 1.0), nullif('a', 'A'), nullif('a', 'A' collate nocase)

select instr('abc', ''), instr('', 'a'), instr(x'010203', x'02'), instr('añb', 'b'), instr(NULL, 1), instr(1234, 23)

select length(NULL), length(12.50), length(x'c3b1'), length('añ'), octet_length('añ'), octet_length(x'00'), octet_length(1.5), octet_length(NULL)

select like('A%', 'abc'), like('ax%%', 'a%b', 'x'), glob('[^a]*', 'bcd'), likelihood(5, 0.5), likely(NULL), unlikely('x')

select lower('ÄBC'), upper('äbc'), ltrim('  a '), rtrim('abxx', 'xb'), trim('.,a,.', ',.'), trim(NULL), ltrim(NULL, 'a'), rtrim('a', NULL)

select max('a', 'B'), max('a', 'B' collate nocase), min(1, NULL), max(1, 1.0), min('10', 9), max(x'00', 'z')

select hex(NULL), hex(1.5), hex('ñ'), unhex('4142'), unhex('41 42', ' '), unhex('4g'), unhex(''), unhex(NULL)

select quote('a''b'), quote(1e100), quote(9223372036854775807), quote(x''), quote(-0.0), quote('a' || char(0) || 'b'), quote(1e999)

select replace('abcabc', 'bc', ''), replace('abc', '', 'x'), replace(NULL, 'a', 'b'), replace('aaa', 'a', 'aa'), replace(121, 2, 'x')

select round(1.005, 2), round(-2.5), round(1e18), round(2.5, -1), round('3.7x'), round(NULL), round(1, NULL), round(123456789.987654321, 30)

select sign(-3), sign('x'), sign(2.5), sign(NULL), sign('0')

select substr('hello', 0), substr('hello', 2), substr('hello', -2, 1), substr('hello', 3, -2), substr('hello', 0, 2), substr(x'010203', 2, 1), substring('añb', 2, 1), substr(NULL, 1), substr('abc', 1, NULL), substr(12345, 2, 3)

select typeof(1), typeof(1.0), typeof('1'), typeof(x'31'), typeof(NULL), typeof(1 = 1), typeof(9223372036854775808)

select unicode(''), unicode('añ'), unicode(NULL), unicode('ñ'), unistr('\0041\u00f1\U0001F600\+01F600'), unistr_quote('a' || char(10)), unistr('a\\b')

select unistr('\zz')

select zeroblob(3), length(zeroblob(0)), zeroblob(-1), typeof(randomblob(4)), length(randomblob(4)), typeof(random())

select sqlite_compileoption_used('nothing_like_it'), sqlite_compileoption_get(-1), typeof(sqlite_version()), typeof(sqlite_source_id()), subtype(json('1')), subtype('1')

select changes(), total_changes(), last_insert_rowid()

select typeof(current_date), length(current_time), length(current_timestamp)

select printf('%5s|%-5s|%.2s|%05d|%+d|% d|%,d', 'ab', 'ab', 'abc', 42, 42, 42, 1234567)

select printf('%e %E %g %G %.3g %!g %f %.0f %10.3f', 12345.678, 0.00012, 1e10, 1e-10, 1234.5, 0.1, 2.5, 2.5, 3.14159)

select printf('%x %X %o %#x %#o %c %%', 255, 255, 8, 255, 8, 'xyz'), printf('%q %Q %w %Q', 'it''s', 'it''s', 'a"b', NULL), printf('%s'), printf(NULL), printf('%*d|%-*d|', 5, 1, 5, 2)

select printf('%d', '12abc'), printf('%d', 1e30), printf('%s', x'4142'), printf('%f', 'x'), printf('%i', NULL), printf('%ll'), printf('%5%|')

select cast('  12  ' as integer), cast('1e5' as integer), cast('0x1F' as integer), cast(1e30 as integer), cast(-1e30 as integer), cast('9223372036854775808' as integer), cast('abc' as real), cast('.5' as real), cast('1e' as numeric), cast('1.0' as numeric), cast(x'3132' as integer), cast(1.5 as text), cast(NULL as blob), cast('12' as blob)

select 7 / 2, -7 / 2, 7 % -3, 7.0 / 2, 1 / 0, 1 % 0, 5.5 % 2, 9223372036854775807 + 1, -9223372036854775808 - 1, 9223372036854775807 * 2, -(-9223372036854775808), 1 << 63, 1 << 64, 1 << -1, -1 >> 70, ~0, 'a' + 1, '5' * '2'

select 1 = 1.0, '1' = 1, 'a' < 'b', NULL = NULL, NULL is NULL, 1 is not NULL, 1 is distinct from NULL, 'a' is not distinct from 'a', x'61' = 'a', 1 < 'a', 'a' < x'00', 1 <> 2, 2 != 2, 1 == 1

select NULL and 0, NULL and 1, NULL or 1, NULL or 0, not NULL, not 0, 1 is true, 0 is not true, NULL is false, 'abc' is true, 2 between 1 and 3, 2 not between 1 and NULL

select 1 in (1, 2), NULL in (1), 1 in (NULL), 1 not in (2, NULL), 1 in (), NULL not in (), 'a' in ('A'), 'a' collate nocase in ('A'), (1, 2) in (values (1, 2)), (1, NULL) = (1, 2), (1, 2) < (1, 3), (2, NULL) > (1, 5)

select case 1 when 1 then 'a' else 'b' end, case when 0 then 1 end, case NULL when NULL then 1 else 2 end, case 'a' collate nocase when 'A' then 1 end

select 'abc' like 'A%', 'abc' not like '_', 'a_c' like 'a\_c' escape '\', NULL like 'a', 'abc' glob 'a*', 'a]c' glob 'a[]]c', 'abc' glob '[!a]*', 12 like '1%', 'ä' like 'Ä'

select 0x10, 0xffffffffffffffff, 1_000, 1e3, .5, 5., 1e-400, 9223372036854775807, 9223372036854775808, -9223372036854775808, x'AB', 'it''s'

select format('%j|%J|%5.2j|%-8J|%!.3j', 'a"b', 'x' || char(10, 1) || 'y', 'abc', NULL, 'äöüß')

select hex(unistr(cast(x'61005c7a' as text)))

select json_object('a', x'00', 1, 2)
