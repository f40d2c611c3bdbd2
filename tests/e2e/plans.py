"""plans.py - the operations whose full products are run, one row each: what stands before, the command, the ways of a registration that it is
tried on. A way is a build of the nodes (--node-build): 26100 by the nodes' identity, 20349 and 20348 by certificates, 17784 the first generation.
"""
import collections

IDENTITY, CLUSTER, APPLICATION, FIRST = "26100", "20349", "20348", "17784"
NAMED = ("--resource-name", "CLUSTER-A", "--yes")


def nothing(r):
    pass


def registered(r):
    r.register()


def without_arc(r):
    r.register()
    r.run("arc", "disable", *NAMED, ok=0)


def damaged(r):
    """Arc settings that are gone and a role that was taken away: a repair has something to make."""
    r.register()
    for i in r.world()["resources"]:
        if "/arcsettings/" in i.lower() or "/cluster-a-rg/providers/microsoft.authorization/roleassignments/" in i.lower():
            r.sandbox("POST", "/sandbox/resources", {"delete": i})


def in_arc(r):
    """Machines that Azure Arc has without a registration, with extensions; an earlier one has left the resource providers."""
    import test_reset
    r.register()
    r.run("unregister", *NAMED, ok=0)
    test_reset.in_arc(r, *[f"node{n}" for n in range(1, r.nodes + 1)])


def leftovers(r):
    """What another cluster left, beside one that is registered."""
    import test_cleanup
    r.register()
    world = test_cleanup.World(r)
    world.leftovers()
    world.cluster("OLD-rg", "NEVER", synced=None, status="NotYetRegistered")
    r.left = [i["id"] for i in r.json("cleanup")["items"] if "kept" not in i]


def all_that_is_left(r):
    return ("cleanup", *[a for i in r.left for a in ("--delete", i)], "--yes")


ELSEWHERE = ("--yes", "--region", "westeurope", "--resource-name", "NEW", "--resource-group-name", "new-rg")


def moved_to(r):
    """The second part of a move, by itself."""
    ready = r.ready()
    return ("register", "--subscription-id", ready["subscription"], "--tenant-id", ready["tenant"], *ELSEWHERE)


# plan: its journals' name; parts: how many runs it is; exits: how a run may end that has passed over something.
Row = collections.namedtuple("Row", "prepare command ways parts", defaults=(("register",),))
PLANS = {
    "register":    Row(nothing, lambda r: r.register_args(), (IDENTITY, CLUSTER, FIRST)),
    "unregister":  Row(registered, lambda r: ("unregister", *NAMED), (IDENTITY, CLUSTER, FIRST), ("unregister",)),
    "arc-disable": Row(registered, lambda r: ("arc", "disable", *NAMED), (IDENTITY, CLUSTER), ("arc-disable",)),
    "arc-enable":  Row(without_arc, lambda r: ("arc", "enable", *NAMED), (IDENTITY, APPLICATION), ("arc-enable",)),
    "sync":        Row(registered, lambda r: ("sync", "--yes"), (IDENTITY, FIRST), ("sync",)),
    "repair":      Row(damaged, lambda r: ("repair", "--yes"), (IDENTITY, CLUSTER)),
    "reset":       Row(in_arc, lambda r: ("reset", "--node", "all" if r.nodes > 1 else "node1", "--yes", "--wait"), (IDENTITY,), ("reset",)),
    "cleanup":     Row(leftovers, all_that_is_left, (IDENTITY,), ("cleanup",)),
    "move":        Row(registered, lambda r: ("move", "--old-resource-name", "CLUSTER-A", *ELSEWHERE), (IDENTITY, CLUSTER), ("unregister", "register")),
}
