select abs(-5), lower('ABC'), upper('abc'), length('héllo'), length(x'0102'), substr('hello',2,3), substr('hello',-3)

select instr('hello','l'), replace('aXbX','X','-'), trim('  x '), ltrim('xxa','x'), rtrim('axx','x'), hex('abc'), quote('it''s'), quote(x'01'), quote(NULL)

select round(2.567,2), round(2.5), max(1,2,'x'), min(3,1,2), typeof(1), typeof('x'), typeof(NULL), char(72,105), unicode('A')

select printf('%d|%5d|%-5d|%05d|%.2f|%s|%x', 42, 42, 42, 42, 3.14159, 'str', 255)

select format('%q %Q %w', 'it''s', 'it''s', 'a"b')

select date('2024-02-29','+1 year'), date('2024-01-31','+1 month'), time('12:34:56.789'), datetime('2024-01-01 00:00:00','-1 second')

select strftime('%Y-%m-%d %H:%M:%S %j %w %s','2024-03-10 05:06:07'), julianday('2000-01-01'), unixepoch('2000-01-01')

select json('{"a":[1,2,{"b":null}]}'), json_extract('{"a":[1,2,3]}','$.a[1]'), '{"x":5}'->>'x', '{"x":[1]}'->'x'

select json_array(1,'a',NULL,json('[2]')), json_object('k',1,'j',json_array(1)), json_type('{"a":1.5}','$.a'), json_valid('{x}')

select json_set('{"a":1}','$.b',2), json_remove('{"a":1,"b":2}','$.a'), json_patch('{"a":1}','{"a":null,"c":3}')

select key, value, type from json_each('{"a":1,"b":[true,null]}')

select fullkey, atom from json_tree('[1,{"x":"y"}]')

select json_group_array(value), json_group_object(key, value) from json_each('{"p":1,"q":"r"}')

select group_concat(x, '-'), sum(x), count(distinct x % 2) from (select 1 as x union all select 2 union all select 3)

select cast('12abc' as integer), cast(2.9 as integer), cast('1e3' as real), cast(15 as text), cast(x'41' as text), cast('abc' as blob)

select like('a%','abc'), glob('a*','abc'), 'abc' like 'A_C', 'a%c' like 'a\%c' escape '\'

select 1 || 2, 'a' || NULL, -'5', +'x', ~5, 6 & 3, 6 | 3, 1 << 4, 256 >> 4

select abs(-9223372036854775808)

select json('{bad')
