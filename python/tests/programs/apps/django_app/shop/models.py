"""The models as the last migration leaves them."""

from django.db import models


class Customer(models.Model):
    name = models.CharField(max_length=50, unique=True)
    facts = models.JSONField(default=dict)
    note = models.TextField(null=True)


class Order(models.Model):
    customer = models.ForeignKey(Customer, related_name="orders", on_delete=models.CASCADE)
    total = models.DecimalField(max_digits=10, decimal_places=2, db_index=True)
    placed = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(total__gte=0), name="not_negative")]
