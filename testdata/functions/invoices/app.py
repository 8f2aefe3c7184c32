"""A small invoice function with a vulnerable parser."""

import json
import os

import yaml

TABLE = os.environ.get("INVOICES_TABLE", "invoices")


def handler(event, context):
    invoice = yaml.load(event.get("body", "{}"))
    return {"statusCode": 200, "body": json.dumps({"table": TABLE, "lines": len(invoice)})}
