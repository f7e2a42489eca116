"""The chassis: everything that is not a decision, written once. It keeps the fourteen rules of delivery.

It does not know the words department, deadline or complaint; services do not know Kafka, locks or offsets.
"""
