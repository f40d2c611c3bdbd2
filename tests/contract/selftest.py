#!/usr/bin/env python3
"""The judge judged: a good exchange passes, and each of its spoiled copies fails. Exit 77 when the contract folder is absent."""
import copy
import os
import sys

import validate

HERE = os.path.dirname(os.path.abspath(__file__))
ID = ("/subscriptions/11111111-0000-4000-8000-000000000001/resourceGroups/rg/providers/"
      "Microsoft.AzureStackHCI/clusters/c1")
GOOD = {
    "method": "PUT", "url": "https://127.0.0.1:1" + ID + "?api-version=2024-04-01", "status": 200,
    "reqHeaders": {}, "resHeaders": {}, "reqBody": {"location": "eastus", "identity": {"type": "SystemAssigned"}},
    "resBody": {
        "id": ID, "name": "c1", "type": "Microsoft.AzureStackHCI/clusters", "location": "eastus",
        "systemData": {"createdAt": "2026-11-21T09:41:22.1230000Z", "createdByType": "User"},
        "properties": {"status": "NotYetRegistered", "cloudId": "x", "trialDaysRemaining": 60},
    },
}
LIST = {
    "method": "GET", "url": "https://127.0.0.1:1/subscriptions/11111111-0000-4000-8000-000000000001/resources?api-version=2021-04-01",
    "status": 200, "reqHeaders": {}, "resHeaders": {}, "reqBody": None,
    "resBody": {"value": [{"id": ID, "name": "c1", "type": "Microsoft.HybridCompute/machines", "location": "eastus",
                           "extendedLocation": {"type": "CustomLocation", "name": "/subscriptions/x"}}]},
}
SPOIL_LIST = {
    "value out of an open enum": lambda x: x["resBody"]["value"][0]["extendedLocation"].update(type="Moon"),
    "unknown property in a list": lambda x: x["resBody"]["value"][0]["extendedLocation"].update(colour="red"),
}
SPOIL = {
    "undeclared status": lambda x: x.update(status=201),
    "unknown property": lambda x: x["resBody"]["properties"].update(colour="red"),
    "wrong type": lambda x: x["resBody"]["properties"].update(cloudId=5),
    "number as text": lambda x: x["resBody"]["properties"].update(trialDaysRemaining="60"),
    "value out of the enum": lambda x: x["resBody"]["properties"].update(status="Fine"),
    "bad time": lambda x: x["resBody"]["systemData"].update(createdAt="yesterday"),
    "required property gone": lambda x: x["resBody"].pop("location"),
    "no answer body": lambda x: x.update(resBody=None),
    "no request body": lambda x: x.update(reqBody=None),
    "read-only in the request": lambda x: x["reqBody"].update(properties={"cloudId": "x"}),
    "unknown in the request": lambda x: x["reqBody"].update(sku="x"),
    "unknown query parameter": lambda x: x.update(url=x["url"] + "&colour=red"),
    "unknown api-version": lambda x: x.update(url=x["url"].replace("2024-04-01", "2024-09-09")),
    "a newer property in an older version": lambda x: (
        x.update(url=x["url"].replace("2024-04-01", "2023-03-01")),
        x["resBody"]["properties"].update(connectivityStatus="Connected")),
    "an address without contract": lambda x: x.update(url="https://127.0.0.1:1/nowhere"),
}


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "..", "..", "..", "shared", "contract")
    if not os.path.exists(os.path.join(folder, "INDEX.json")):
        print("SKIPPED: the contract folder %s is absent" % folder)
        return 77
    contract = validate.Contract(folder)
    rows = validate.read_uncontracted(os.path.join(HERE, "..", "uncontracted.txt"))
    failed = 0
    for good, spoils in ((GOOD, SPOIL), (LIST, SPOIL_LIST)):
        kind, faults = validate.judge(contract, rows, good)
        if kind != "contract" or faults:
            print("the good exchange fails: %s %s" % (kind, faults))
            failed += 1
        for name, spoil in spoils.items():
            bad = copy.deepcopy(good)
            spoil(bad)
            if not validate.judge(contract, rows, bad)[1]:
                print("passes although spoiled: %s" % name)
                failed += 1
    print("%d passed, %d failed, 0 skipped" % (2 + len(SPOIL) + len(SPOIL_LIST) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
