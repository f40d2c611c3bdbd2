#!/usr/bin/env python3
"""check_azure.py [--dir DIR] [azure_kit's options] - the kit of `make check-azure`.

Asks a real Azure what azloconf would ask it (azure_kit), asks the sandbox the same, and reports where the shapes of the answers
differ (compare.py). It only reads, unless --write is given and confirmed twice. The operator's own environment is used (proxies).
Exit: that of azure_kit when it could not go on; 1 when answers differ; 0 when none does in a way that matters.
"""
import ctypes
import json
import os
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ.get("AZL_BUILD", os.getcwd())
KIT = os.path.join(BUILD, "tests", "azure_kit")
SANDBOX = os.path.join(BUILD, "src", "azlosandbox")
LEFT, INTERRUPTED = 4, 130  # azure_kit's exit codes
PROVIDERS = ("Microsoft.AzureStackHCI", "Microsoft.HybridCompute", "Microsoft.GuestConfiguration", "Microsoft.HybridConnectivity")


def die_with_us():
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG; the sandbox looks after it, too


def records(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f if line.endswith("\n")]


def seed_like(azure, path):
    """A world in the same state as the subscription that was asked: providers, state of the subscription."""
    seed = {"providers": {}, "subscriptions": [{"displayName": "Sandbox", "state": "Enabled"}]}
    for x in azure:
        body = x["resBody"] if isinstance(x["resBody"], dict) else {}
        ns = x["step"].split("provider.", 1)[-1]
        if ns in PROVIDERS and x["status"] == 200 and body.get("registrationState") in ("Registered", "NotRegistered"):
            seed["providers"][ns] = body["registrationState"]
        if x["step"] == "subscription" and body.get("state") in ("Enabled", "Warned", "PastDue", "Disabled"):
            seed["subscriptions"][0]["state"] = body["state"]
    with open(path, "w", encoding="utf-8") as f:
        json.dump(seed, f)


class Sandbox:
    def __init__(self, folder, azure):
        os.mkdir(folder, 0o700)
        seed_like(azure, os.path.join(folder, "seed.json"))
        waited = any(x["step"] == "signin.pending" for x in azure)
        self.process = subprocess.Popen([SANDBOX, "--dir", os.path.join(folder, "world"), "--seed", os.path.join(folder, "seed.json"),
                                         "--approve", "auto:6" if waited else "auto:0"], stdout=subprocess.PIPE, text=True, preexec_fn=die_with_us)
        self.ready = json.loads(self.process.stdout.readline())

    def close(self):
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()


def ask_sandbox(top, azure):
    """The same steps, without anybody to ask: the sandbox is ours."""
    asked, wrote = (any(x["step"] == step for x in azure) for step in ("group.absent", "group.put"))
    sandbox = Sandbox(os.path.join(top, "sandbox"), azure)
    env = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy") and not k.startswith("AZL_AZURE")}
    if wrote:
        env.update(AZL_AZURE_WRITE="MAKE", AZL_AZURE_WRITE_AGAIN="MAKE")
    try:
        p = subprocess.run([KIT, "--out", top, "--record", "sandbox.jsonl", "--cloud-endpoint", sandbox.ready["base"], "--ca-file",
                            sandbox.ready["ca"], "--subscription", sandbox.ready["subscription"]] + ["--write"] * asked, env=env,
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
    finally:
        sandbox.close()
    if not os.path.exists(os.path.join(top, "sandbox.jsonl")):
        sys.exit("the sandbox could not be asked:\n" + p.stdout)


def own_args():
    args, top = sys.argv[1:], None
    if "--dir" in args:
        i = args.index("--dir")
        top = args[i + 1]
        del args[i:i + 2]
    return args, os.path.abspath(top or time.strftime("azure-check-%Y%m%d-%H%M%S"))


def main():
    args, top = own_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the kit takes it, and cleans up
    if "--help" in args:
        print(__doc__)
        return subprocess.run([KIT, "--help"]).returncode
    rc = subprocess.Popen([KIT, "--out", top] + args, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)).wait()
    record = os.path.join(top, "azure.jsonl")
    azure = records(record) if os.path.exists(record) else []
    if rc == INTERRUPTED or not any(x["step"] == "refresh" for x in azure):  # the last that only reads
        if azure:
            print(f"\nWhat was recorded lies in {record} (masked; nothing was compared).")
        return rc
    print("\nasking the sandbox the same ...", flush=True)
    ask_sandbox(top, azure)
    print()
    differ = subprocess.run([sys.executable, "-B", os.path.join(HERE, "compare.py"), record, os.path.join(top, "sandbox.jsonl"),
                             "--report", os.path.join(top, "report.txt")]).returncode
    os.chmod(os.path.join(top, "report.txt"), 0o600)
    print(f"""
  the report     {top}/report.txt
  the exchanges  {top}/azure.jsonl
Tokens, codes and secrets are gone from both, ids and names are pseudonyms. Please read them before you show them to anybody:
what a mask does not know, it cannot hide. The folder is yours alone (0700); nothing was sent anywhere.""")
    if rc == LEFT:
        print(f"\nSomething may be LEFT IN AZURE: {top}/left-behind.txt says how to delete it.")
    return rc or differ


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main())
