select sqrt(16), pow(2,10), floor(2.7), ceil(2.1), sign(-3), mod(7,3), log10(1000), trunc(2.9)

select sqrt(-1), ln(0), log(2,8), exp(0), pi(), degrees(pi()), radians(180), atan2(1,1), acosh(1)

select sqrt(1,2)
