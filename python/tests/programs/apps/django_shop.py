"""Django: settings with a database file, migrations that change tables, queries, transactions, JSON."""

import json
import pathlib
import sys

import heliosdb_sqlite

heliosdb_sqlite.install()

import django  # noqa: E402
from django.conf import settings  # noqa: E402

settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "shop"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[1]}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
)
sys.path.insert(0, str(pathlib.Path(__file__).parent / "django_app"))
django.setup()

from django.contrib.auth.models import Permission, User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import IntegrityError, connection, models, transaction  # noqa: E402
from shop.models import Customer, Order  # noqa: E402

call_command("migrate", verbosity=0)
call_command("migrate", "shop", "0001", verbosity=0)
call_command("migrate", verbosity=0)
assert Permission.objects.count() == 24, Permission.objects.count()

User.objects.create_superuser("root", "root@example.org", "secret")
Customer.objects.bulk_create([Customer(name=f"c{i}", facts={"n": i, "tags": ["a", "b"][: i % 3]}) for i in range(300)])
first = Customer.objects.get(name="c0")
with transaction.atomic():
    for number in range(40):
        Order.objects.create(customer=first, total=number, placed=f"2024-02-{number % 28 + 1:02}T10:00:00Z")
try:
    with transaction.atomic():
        Customer.objects.create(name="lost")
        try:
            with transaction.atomic():
                Customer.objects.create(name="c1")
        except IntegrityError as error:
            assert "UNIQUE constraint failed: shop_customer.name" in str(error), error
        raise LookupError
except LookupError:
    pass
assert not Customer.objects.filter(name="lost").exists()
orders = list(Order.objects.select_related("customer").order_by("-total")[:5])
assert [order.customer.name for order in orders] == ["c0"] * 5
sums = Customer.objects.annotate(n=models.Count("orders"), sum=models.Sum("orders__total")).filter(n__gt=0)
assert [(row.n, row.sum) for row in sums] == [(40, 780)]
assert Customer.objects.filter(facts__n__gte=298).count() == 2
assert Customer.objects.filter(facts__tags__0="a").count() == 200
assert Customer.objects.filter(facts__has_key="tags").count() == 300
assert Order.objects.filter(placed__month=2, placed__day=1).count() == 2
assert Order.objects.aggregate(mean=models.Avg("total"), spread=models.StdDev("total"))["mean"] == 19.5
assert Customer.objects.filter(name__iregex="^C29[0-4]$").count() == 5
assert list(Order.objects.dates("placed", "month"))[0].isoformat() == "2024-02-01"
ranked = Order.objects.annotate(
    place=models.Window(models.functions.Rank(), order_by=models.F("total").desc())
).order_by("place")
assert ranked[0].total == 39
made, new = Customer.objects.update_or_create(name="c5", defaults={"facts": {"n": -5}})
assert not new and made.facts == {"n": -5}
assert Customer.objects.filter(orders__isnull=True, facts__n__gt=250).delete()[0] == 49
Order.objects.filter(total__lt=3).update(total=models.F("total") + 100)
Customer.objects.bulk_create([Customer(name="c7", facts={"up": 1})], update_conflicts=True, unique_fields=["name"], update_fields=["facts"])
tables = connection.introspection.table_names()
assert "shop_order" in tables, tables
names = ["shop_customer", "shop_order", "django_migrations", "auth_user"]
rows = {}
raw = heliosdb_sqlite.connect(sys.argv[1])
for name in names:
    query = f"select * from {name} order by id"
    rows[query] = [list(row) for row in raw.execute(query)]
raw.close()
connection.close()
print(json.dumps(rows))
