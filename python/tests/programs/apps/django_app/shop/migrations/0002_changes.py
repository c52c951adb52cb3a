from django.db import migrations, models


def add_customer(apps, schema_editor):
    apps.get_model("shop", "Customer").objects.create(name="migrated")


def remove_customer(apps, schema_editor):
    apps.get_model("shop", "Customer").objects.filter(name="migrated").delete()


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]
    operations = [
        migrations.RunPython(add_customer, remove_customer),
        migrations.AlterField("Customer", "name", models.CharField(max_length=50, unique=True)),
        migrations.RemoveField("Customer", "old"),
        migrations.AddField("Customer", "facts", models.JSONField(default=dict)),
        migrations.AddField("Customer", "note", models.TextField(null=True)),
        migrations.RenameField("Order", "sum", "total"),
        migrations.AlterField("Order", "total", models.DecimalField(max_digits=10, decimal_places=2, db_index=True)),
        migrations.AddField("Order", "placed", models.DateTimeField(default="2024-01-01T00:00:00Z"), preserve_default=False),
        migrations.AddConstraint(
            "Order", models.CheckConstraint(condition=models.Q(total__gte=0), name="not_negative")
        ),
    ]
