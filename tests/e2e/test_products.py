#!/usr/bin/env python3
"""The judge of the products can say no: what it lets pass and what it catches, over a real registration's log that was changed."""
import copy

import azl
import products


def log_of_a_registration():
    with products.rehearsal() as r:
        r.prepare()
        r.register()
        return r.exchanges()


def again(log, ending, fault=None):
    """The log with the write to a path of this ending carried out once more; fault: what became of the first one's answer."""
    out = copy.deepcopy(log)
    at = next(i for i, x in enumerate(out) if products.carried_out(x) and products.path_of(x).lower().endswith(ending))
    second = copy.deepcopy(out[at])
    second["startedAt"] += 5000
    second["endedAt"] += 5000
    if fault:
        out[at]["resHeaders"]["x-azlosandbox-fault"] = fault
    return out + [second]


def test_the_judge_says_no_to_a_changed_log():
    log = log_of_a_registration()
    azl.equal(products.done_twice(log), [], "an undisturbed registration")
    once = ["/reconcile", "/agent/connect", "/resourcegroups/cluster-a-rg", "/clusters/cluster-a", "/arcsettings/default",
            "/providers/microsoft.azurestackhci/register"]
    for ending in once:
        for fault in (None, "slow", "reply-lost"):
            azl.equal(len(products.done_twice(again(log, ending, fault))), 1, f"{ending} again, {fault}")
    for ending in ("/sync", "/register"):
        twice = again([x for x in log if "/providers/" not in x["url"]], ending)
        azl.equal(len(products.done_twice(twice)), 1, f"{ending} again though it was answered")
        for fault in ("reply-lost", "garbage"):
            azl.equal(products.done_twice(again([x for x in log if "/providers/" not in x["url"]], ending, fault)), [], f"{ending} again after {fault}")


def test_the_judge_sees_what_was_not_carried_out_and_what_a_kill_lost():
    log = log_of_a_registration()
    for status, fault in ((500, "status"), (0, None), (409, None)):
        twice = again(log, "/reconcile")
        twice[-1]["status"] = status
        if fault:
            twice[-1]["resHeaders"]["x-azlosandbox-fault"] = fault
        azl.equal(products.done_twice(twice), [], f"a second one that ended with {status}")
    twice = again(log, "/sync")
    azl.equal(products.done_twice(twice, [twice[-1]["startedAt"] - 5000]), [], "a sync whose answer died with the core")
    azl.equal(len(products.done_twice(twice, [twice[-1]["endedAt"] + 60000])), 1, "a kill long after")
    settings = next(x for x in twice if x["method"] == "PUT" and x["url"].split("?")[0].lower().endswith("/arcsettings/default"))
    settings["startedAt"] = twice[-1]["startedAt"] - 1
    azl.equal(products.done_twice(twice, plan="repair"), [], "a repair's sync after Arc settings that were made late")
    for plan in set(products.plans.PLANS) - {"repair"}:
        azl.equal(len(products.done_twice(twice, plan=plan)), 1, f"the same in the plan {plan}")
    settings["startedAt"] = twice[-1]["startedAt"] + 1
    azl.equal(len(products.done_twice(twice, plan="repair")), 1, "a repair's two syncs before the Arc settings")
    twice = again(log, "/reconcile")
    azl.equal(len(products.done_twice(twice, [twice[-1]["startedAt"] - 5000])), 1, "a kill excuses no second reconcile")


def test_the_judge_knows_one_role_under_two_names_and_no_unknown_writes():
    log = log_of_a_registration()
    at = next(x for x in log if products.carried_out(x) and "/roleassignments/" in x["url"].lower())
    other = copy.deepcopy(at)
    other["url"] = other["url"].split("/roleAssignments/")[0] + "/roleAssignments/00000000-0000-4000-8000-000000000000?api-version=2022-04-01"
    other["startedAt"] += 5000
    azl.equal(len(products.done_twice(log + [other])), 1, "a second assignment under another name")
    other = copy.deepcopy(at)
    other["method"], other["url"] = "DELETE", "https://127.0.0.1/subscriptions/x/somethingElse"
    azl.check("no row" in products.done_twice(log + [other])[0], "a write that no row knows")


def test_each_write_has_the_words_of_its_error():
    extension, old = "DELETE /x/machines/node1/extensions/AdminCenter", "DELETE /x/Microsoft.AzureStackHCI/clusters/OLD/arcSettings/default"
    said = "See what came of it: 1 of 7 were not deleted. "
    for plan, request, text, good in (
            ("reset", extension, "ExtensionCleanup: extension AdminCenter: Azure answered", True), ("reset", extension, "ExtensionCleanup: extension Other: ", False),
            ("reset", extension, "node1: extension AdminCenter: ExtensionCleanup: 127.0.0.1", True),
            ("cleanup", old, said + "OLD/default: InternalServerError", True), ("cleanup", old, said + "OLD: InternalServerError", False),
            ("cleanup", "DELETE /x/resourceGroups/OLD-rg", said + "NEVER: why; OLD-rg: it holds other resources", True),
            ("cleanup", "DELETE /v1.0/applications/*", said + "OLD.arc: InternalServerError", True),
            ("sync", "POST /dataplane/eastus/clusters/*/sync", "node1: syncing the node with Azure: ", True),
            ("move", "POST /x/arcSettings/default/reconcile", "tying the nodes to the cluster (9142)", True),
            ("repair", "POST /x/clusters/CLUSTER-A/uploadCertificate", "a failure", False)):
        azl.equal(bool(products.re.search(products.words_of(plan, request), text)), good, f"{plan} {request}: {text}")
    azl.equal(products.words_of("sync", "GET /agent/show"), None, "a look")
    try:
        products.words_of("sync", "PUT /what/nobody/knows")
        azl.check(False, "a write without a row passed")
    except azl.Failed as e:
        azl.check("no row says" in str(e), str(e))


azl.main()
