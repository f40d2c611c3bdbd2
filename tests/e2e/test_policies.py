#!/usr/bin/env python3
"""Azure Policy in the way of a registration: named with assignment and the customer's own words, and passed by doing as it says."""
import azl

SAYS = "Only our two regions. Ask cloud-team@contoso.com."


def refused(r):
    return [(x["method"], x["resBody"]["error"]) for x in r.exchanges() if x["status"] == 403]


def in_region(r, region):
    args = r.register_args()
    args[args.index("--region") + 1] = region
    return args


def test_a_region_that_is_not_allowed():
    with azl.Rehearsal() as r:
        r.prepare()
        r.sandbox("POST", "/sandbox/policies", {"policies": [
            {"kind": "locations", "name": "eu-only", "displayName": "Contoso: where things may be", "message": SAYS,
             "locations": ["westeurope", "northeurope"]}]})
        p = r.run(*in_region(r, "eastus"), ok=5)
        said = p.stdout + p.stderr
        errors = refused(r)
        azl.equal([(m, e["code"], e["target"]) for m, e in errors], [("PUT", "RequestDisallowedByPolicy", "CLUSTER-A")], "refusals")
        for text in ("Allowed locations", "Contoso: where things may be", SAYS, "westeurope, northeurope", "eastus",
                     "/providers/Microsoft.Authorization/policyDefinitions/e56962a6-4747-49cd-b67b-bf8b01975c4c",
                     "/providers/Microsoft.Authorization/policyAssignments/eu-only", "What to do:", "RequestDisallowedByPolicy", "support"):
            azl.check(text in said, f"{text!r} is not said:\n{said}")
        r.run(*in_region(r, "westeurope"), ok=0)
        azl.equal(r.status()["RegistrationStatus"], "Registered", "status")


def test_a_group_without_its_tag():
    with azl.Rehearsal() as r:
        r.prepare()
        r.sandbox("POST", "/sandbox/policies", {"policies": [
            {"kind": "tag", "name": "cost", "displayName": "Cost centres", "tag": "CostCenter", "message": "Give the tag CostCenter."}]})
        p = r.register(ok=5)
        said = p.stdout + p.stderr
        for text in ("Require a tag on resource groups", "Cost centres", "Give the tag CostCenter.", "tags[CostCenter]", "--resource-group-tags"):
            azl.check(text in said, f"{text!r} is not said:\n{said}")
        azl.equal([e["target"] for _, e in refused(r)], ["CLUSTER-A-rg"], "what was refused")
        if "--resource-group-tags" not in r.run("register", "--help", ok=0).stdout:
            raise azl.Skip("register has no --resource-group-tags: the way past the policy is not walked")
        r.run(*r.register_args(), "--resource-group-tags", "CostCenter=4711", ok=0)
        azl.equal(r.status()["RegistrationStatus"], "Registered", "status")


def test_a_machine_that_the_agent_may_not_make():
    with azl.Rehearsal() as r:
        r.prepare()
        r.sandbox("POST", "/sandbox/policies", {"policies": [
            {"kind": "name", "name": "names", "displayName": "Names", "definitionDisplayName": "Names of machines", "pattern": "srv-*",
             "types": ["Microsoft.HybridCompute/machines"]}]})
        p = r.register(ok=None)
        said = p.stdout + p.stderr
        azl.check(p.returncode in (1, 5, 6), f"exit {p.returncode}")
        for text in ("AZCM0042", "RequestDisallowedByPolicy", "policy"):
            azl.check(text in said, f"{text!r} is not said:\n{said}")
        r.sandbox("POST", "/sandbox/policies", {"policies": []})
        r.register()


if __name__ == "__main__":
    azl.main()
