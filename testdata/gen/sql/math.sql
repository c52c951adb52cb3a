select sqrt(16), pow(2,10), floor(2.7), ceil(2.1), sign(-3), mod(7,3), log10(1000), trunc(2.9)

select sqrt(-1), ln(0), log(2,8), exp(0), pi(), degrees(pi()), radians(180), atan2(1,1), acosh(1)

select sqrt(1,2)

select percentile(1, 101)

select median(x), percentile(x, 25), percentile_cont(x, 0.5), percentile_disc(x, 0.5) from (select 1 as x union all select 2 union all select 4 union all select NULL)

select acos(1), acosh(1), asin(0), asinh(0), atan(0), atan2(0, 1), atanh(0), ceil(1.2), ceiling(-1.2), cos(0), cosh(0), degrees(0), exp(0), floor(-1.2), ln(1), log(100), log10(100), log2(8), log(2, 8), mod(7, 3), pi(), pow(2, 3), power(2, -1), radians(0), sin(0), sinh(0), sqrt(2), tan(0), tanh(0), trunc(-1.7)

select acos(2), atanh(2), ln(-1), log(-1), sqrt('x'), pow(NULL, 2), mod(1, 0), ceil('1.5'), floor(x'31'), trunc(5), exp(1000)

select ceil('9' || char(0)), floor('9' || char(0) || '.5'), trunc('9.5' || char(0)), round('9' || char(0)), abs('9' || char(0)), sign('9' || char(0)), ('9' || char(0)) + 0, ceil('2251799813685248' || char(0))

select sum('9' || char(0)), total('9' || char(0)), avg('9' || char(0)), sum('9 1'), sum('9007199254740993' || char(0))
