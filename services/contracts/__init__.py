"""Contracts: the words the services share. They know neither Kafka, nor a database, nor what time it is."""
