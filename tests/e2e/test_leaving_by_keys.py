#!/usr/bin/env python3
"""Move, clean-up and undo to their ends by keys: the real console in a real terminal against the real core, and the same in lines of text."""
import azl
from test_cleanup import World
from test_console import Terminal, need_tmux
from test_plain import HOME, Plain, answer_all
from test_reset import in_arc, machines

BROKEN = "400@POST */reconcilex99"  # the second part of a move ends here


def registered(**kw):
    r = azl.Rehearsal(**kw)
    r.prepare()
    r.register(ok=0)
    w = World(r)
    w.cluster(w.group("OLD-rg").rsplit("/", 1)[1], "OLD")
    return r


def runs(r):
    return [(x["plan"], x.get("whole"), x["state"]) for x in r.json("operations")["runs"]]


def is_moved(r):
    azl.equal(runs(r)[:2], [("register", "move", "done"), ("unregister", "move", "done")], "the runs of the move")
    azl.equal(r.status()["AzureResourceUri"].rsplit("/", 1)[1], "CLUSTER-B", "moved")


def is_taken_back(r):
    azl.equal(runs(r)[:2], [("register", "move", "undone"), ("unregister", "move", "done")], "the runs of the move that was taken back")
    left = [k for k in r.world()["resources"] if k.lower().endswith(("/clusters/cluster-b", "/clusters/cluster-c")) or "/machines/" in k.lower()]
    azl.equal((left, r.status()["RegistrationStatus"]), ([], "NotYet"), "what is left")


def is_cleaned(r):
    azl.equal([k for k in r.world()["resources"] if "/old" in k.lower()], [], "what was to be cleaned up")


# ---- screens ----

def review_move(t, old, new):
    t.keys("1", "0", "Enter")
    t.wait("1 Unregister this cluster", "4 Reset a machine")
    t.keys("3", "Enter")
    t.wait("Move the registration: Values", "> Tenant [Contoso", "Subscription [Contoso-Prod-HCI", "Resource group [CLUSTER-A-rg", f"Resource name [{old}")
    t.keys("Tab", "Tab", "Tab", "Tab")
    t.wait("> Resource name [")
    t.keys("C-u")
    t.write(new)
    t.keys("Tab", "Tab")
    t.wait("> < Next: review >", f"Resource name [{new}")
    t.keys("Enter")
    seen = t.wait("Move the registration: Review", f"that goes, {old}, to move it", "> [", "< Move now >")
    t.keys("PageDown")
    return seen + t.wait("This is made:", f"Cluster resource {new}: region eastus")


def start_move(t, old):
    t.keys("Enter")
    t.wait(f"The name does not match: it must be {old}. Nothing was done.")
    t.write(old)
    t.keys("Enter")
    t.wait("matches", "> < Move now >")
    t.keys("Enter")


def moves(t, r):
    seen = review_move(t, "CLUSTER-A", "CLUSTER-B")
    azl.check("This goes:" in seen and "Between the two parts the cluster is not registered." in " ".join(seen.split()), seen)
    n = len(r.writes())
    start_move(t, "CLUSTER-A")
    t.wait("Done. The cluster was moved: it is registered with Azure as CLUSTER-B", "Result: Success", "Part 2 of 2: Register with Azure", "resource/subscr")
    azl.check(len(r.writes()) > n, "nothing was written")
    t.keys("Enter")
    t.wait("done: CLUSTER-B, eastus", "Registered", "Connected")
    is_moved(r)


def cleans_up(t, r):
    t.keys("9", "Enter")
    t.wait("4 Clean up")
    t.keys("4", "Enter")
    t.wait("Clean up: Choose", "[ ] OLD", "[ ] OLD-rg", "[-] CLUSTER-B", "0 of ")
    t.keys("Enter")
    t.wait("Nothing is ticked")
    t.keys("a")
    t.wait("[x] OLD ", "[x] OLD-rg", "[-] CLUSTER-B", "2 of ")
    t.keys("Enter")
    t.wait("This goes:", "1 of 2: Type the name OLD to delete this: cluster resource OLD", "> [")
    t.write("old")
    t.keys("Enter")
    t.wait("2 of 2: Type the name OLD-rg to delete this: resource group OLD-rg", "> [ ")
    t.write("OLD-rg")
    t.keys("Enter")
    t.wait("matches", "> < Delete now >")
    t.keys("Enter")
    t.wait("2 deleted, 0 gone already, 0 not deleted", "Result: Success")
    t.keys("Enter")
    t.wait("9 Repair, sync, clean up", "Registered")
    is_cleaned(r)


def fails_and_is_undone(t, r):
    r.fault(BROKEN)
    review_move(t, "CLUSTER-B", "CLUSTER-C")
    start_move(t, "CLUSTER-B")
    t.wait("[FAIL]", "Tie the nodes to the cluster", "The cluster is not registered now: its old registration is gone.", "r tries again")
    t.keys("Escape")
    t.wait("10 Unregister or move the last run failed")
    t.keys("1", "0", "Enter")
    t.wait("The last run failed. It can go on", "1 Show that run")
    t.keys("Enter")
    t.wait("r tries again")
    t.keys("u")
    t.wait("It is the second part of a move. The first stays done", "This goes:", "Cluster resource CLUSTER-C", "y takes it back")
    r.sandbox("DELETE", "/sandbox/faults")
    t.keys("y")
    t.wait("What this run had made was taken back.", "Result: Cancelled", "[undo]", "Enter goes back to the menu")
    t.keys("Enter")
    t.wait("NotYet", "not registered", "Next: Register this cluster (1)")
    is_taken_back(r)


def test_on_the_screens():
    need_tmux()
    with registered() as r, Terminal(r) as t:
        t.wait("1 Register this cluster with Azure done: CLUSTER-A", "Connected")
        for part in (moves, cleans_up, fails_and_is_undone):
            with r.leaping():
                part(t, r)


def is_again(r, name):
    azl.equal(runs(r)[:2], [("register", "reset", "done"), ("reset", "reset", "done")], "the runs of the reset and of the registration")
    azl.equal([m["status"] for m in machines(r)], ["Succeeded"], "the machine's reset")
    s = r.status()
    azl.equal((s["AzureResourceName"], s["RegistrationStatus"], s["ConnectionStatus"]), (name, "Registered", "Connected"), "registered again")


def test_a_reset_registers_again():
    """On a cluster of one node the review comes first: its values lead to the page."""
    need_tmux()
    with azl.Rehearsal() as r:
        r.prepare()
        in_arc(r, "node1")
        with Terminal(r) as t, r.leaping():
            t.wait("1 Register this cluster with Azure")
            t.keys("1", "0", "Enter")
            t.wait("4 Reset a machine")
            t.keys("4", "Enter")
            t.wait("Reset a machine: Review", "This goes:", "to reset it", "< Other values >")
            t.keys("Tab", "Tab", "Enter")
            azl.check("Region" not in t.wait("Reset a machine: Values", "> Machine [", "Register again [no"), "where to is asked of nobody who only resets")
            t.keys("Tab")
            t.write("yes")
            t.keys("Tab")
            t.wait("> Tenant [Contoso", "Subscription [Contoso-Prod-HCI", "Region [", "Resource group [CLUSTER-A-rg", "Resource name [CLUSTER-A")
            t.keys("Tab", "Tab")
            t.wait("> Region [")
            t.write("eastus")
            t.keys("Tab", "Tab", "C-u")
            t.write("AGAIN")
            t.keys("Tab", "Tab")
            t.wait("> < Next: review >", "Resource name [AGAIN", "Region [eastus")
            t.keys("Enter")
            t.wait("Reset a machine: Review", "to reset it", "> [", "< Reset now >")
            t.keys("PageDown")
            t.wait("This is made:", "Registration of the cluster as AGAIN")
            t.write("node1")
            t.keys("Enter")
            t.wait("matches", "> < Reset now >")
            t.keys("Enter")
            t.wait("Done.", "AGAIN", "Result: Success", "Part 2 of 2: Register with Azure")
            is_again(r, "AGAIN")


# ---- lines ----

def asks_move(t, old, new):
    answer_all(t, (HOME, "10"), ("4 Reset a machine", "3"), ("Tenant [", ""), ("Subscription [Contoso-Prod-HCI]", ""),
               ("Region [eastus]", ""), ("Resource group [CLUSTER-A-rg]", ""), (f"Resource name [{old}]", new), ("Group for Arc", ""))
    return t.wait("This goes:", "This is made:", "What ends with it:", f"that goes, {old}, to move it:")


def moves_in_lines(t, r):
    asks_move(t, "CLUSTER-A", "CLUSTER-B")
    answer_all(t, ("to move it:", "yes"), ("The name does not match: it must be CLUSTER-A.", "cluster-a"))
    t.wait("Part 1 of 2: Unregister from Azure", "Part 2 of 2: Register with Azure", "Done. The cluster was moved: it is registered with Azure as CLUSTER-B",
           "Result: Success.", HOME)
    is_moved(r)


def cleans_up_in_lines(t, r):
    answer_all(t, (HOME, "9"), ("4 Clean up", "4"), ("Number to tick", ""), ("Nothing is ticked.", "all"), ("[x] resource group OLD-rg", ""),
               ("Type the name OLD to delete this: cluster resource OLD:", "OLD"),
               ("Type the name OLD-rg to delete this: resource group OLD-rg:", "OLD-rg"))
    t.wait("Done. 2 deleted, 0 gone already, 0 not deleted", HOME)
    is_cleaned(r)


def fails_and_is_undone_in_lines(t, r):
    r.fault(BROKEN)
    asks_move(t, "CLUSTER-B", "CLUSTER-C")
    t.say("CLUSTER-B")
    t.say("", wait="Type r to try again, it finds what is there already, u to take back what was made; Enter goes to the menu:")
    r.sandbox("DELETE", "/sandbox/faults")
    answer_all(t, (HOME, "10"), ("u to take it back, or press Enter to begin anew:", "u"), ("- Cluster resource CLUSTER-C", ""), ("Nothing was done.", "10"),
               ("u to take it back, or press Enter to begin anew:", "u"), ("Type yes to take it back", "yes"))
    t.wait("What this run had made was taken back.", "Result: Cancelled.", "RegistrationStatus: NotYet", HOME)
    is_taken_back(r)


def test_in_lines():
    with registered() as r, Plain(r) as t:
        for part in (moves_in_lines, cleans_up_in_lines, fails_and_is_undone_in_lines):
            with r.leaping():
                part(t, r)
        t.say("15")
        t.end()


def test_a_reset_registers_again_in_lines():
    with azl.Rehearsal() as r:
        r.prepare()
        in_arc(r, "node1")
        with Plain(r) as t, r.leaping():
            answer_all(t, (HOME, "10"), ("4 Reset a machine", "4"), ("to reset it:", "values"), ("Machine:", ""), ("Register again [no]", ""), ("to reset it:", "values"),
                       ("Machine:", ""), ("Register again [no]", "yes"), ("Tenant [", ""), ("Subscription [Contoso-Prod-HCI]", ""), ("Region", "East US"),
                       ("Resource group [CLUSTER-A-rg]", ""), ("Resource name [CLUSTER-A]", "AGAIN"), ("Group for Arc", ""),
                       ("Registration of the cluster as AGAIN", "yes"), ("must be node1", "node1"))
            t.wait("Part 1 of 2: Reset", "Part 2 of 2: Register with Azure", "Result: Success.", HOME)
            is_again(r, "AGAIN")
            t.say("15")
            t.end()


if __name__ == "__main__":
    azl.main()
