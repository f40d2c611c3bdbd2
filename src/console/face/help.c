#include "config.h"

#include "console/face/help.h"

#include "base/i18n.h"
#include "base/str.h"
#include "console/face/words.h"

const struct help help_topics[HELP_TOPICS] = {
    [HELP_HOME] = { N_("ClusterStatus, RegistrationStatus and ConnectionStatus are the cluster's "
                       "own words, as Get-AzureStackHCI names them, each with its reason, what it "
                       "rests on, and when it was checked. STALE means that the last answer is "
                       "old.\n\n"
                       "The numbers of the items never change; one that is missing comes with a "
                       "later version.\n\n"
                       "The work is done by azloconfd, not by this console: you may leave at any "
                       "time, a registration goes on."),
                    N_("Type the number of an item and press Enter, or move the mark with the "
                       "arrows. -- stands for a word that nobody has said yet."),
                    N_("Type the number of an item and press Enter. ? lists all items and how it "
                       "stands with them, h is this help, r asks the nodes again, l is the log, q "
                       "leaves. In every job ? explains, and < or back goes back. Ctrl-D "
                       "leaves from everywhere; no work is stopped by it.") },
    [HELP_WIZARD] = { N_("Three parts: sign in, where the cluster's resource shall be, and a "
                         "review. Nothing is written before you confirm the review.\n\n"
                         "Every value can be typed, so nothing waits for a list. Values stay when "
                         "you leave and come back."),
                      N_("A field with v has a list: Enter opens it, typing filters it by name or "
                         "id. Each field is checked when you leave it; the line under it says what "
                         "was found. What you type takes the place of a default; an arrow key or "
                         "Backspace keeps it. ^Z brings it back."),
                      N_("One question after the other. The value in brackets is taken when you "
                         "press Enter. Where there is a list, answer with a number, a name, or a "
                         "part of a name; ? shows the whole list. < or back goes to the question "
                         "before.") },
    [HELP_SIGNIN] = { N_("This machine needs no browser and no password. Open the address on a "
                         "phone or PC, type the code, and sign in with an account that may "
                         "register the cluster: Owner of the subscription, or Contributor together "
                         "with User Access Administrator. Never use a code that someone sent to "
                         "you.\n\n"
                         "If the page says that you have signed in but an error is reported here, "
                         "your company's rules forbid this way:\n"
                         "AADSTS50097: the device must be managed by the company.\n"
                         "AADSTS53003: a Conditional Access rule blocks it.\n"
                         "AADSTS50005: the platform of this device is not supported by a rule.\n"
                         "Then sign in another way: with a browser on this machine or behind ssh "
                         "-L, as an application with a secret or a certificate, with the Azure "
                         "CLI's sign-in, or with a ready token. Or ask the directory's "
                         "administrator to allow the device code flow for you.\n\n"
                         "A tenant that wants its own MFA, or where you are a guest: sign in again "
                         "and give that tenant's id."),
                      N_("w lists the other ways. The square holds the address only; it is light "
                         "on dark on purpose. On a "
                         "terminal with black text on white paper and no colours, i inverts it."),
                      N_("While a code waits, Enter stops the sign-in, n asks for a new "
                         "code, and w lists other ways.") },
    [HELP_RUN] = { N_("\"no change needed\": it was so already, nothing was written.\n\n"
                      "The core works on when you leave, close the terminal or lose the "
                      "connection; item 1 of the menu comes back here. After a crash or restart of "
                      "the machine it goes on by itself; if it needs your sign-in, it says so.\n\n"
                      "Stopping is never in the middle of a step. What was made stays and is found "
                      "again by the next run."),
                   N_("Each step stands with its time. The line under a running step says what it "
                      "waits for. The arrows show all steps, End follows the one under way again."),
                   N_("A line for each step and node that comes to its end, and for what a long "
                      "step waits for. s or Enter stops after the steps under way, after asking; d "
                      "leaves and lets it run; i signs in where the run waits for it; n lists the "
                      "nodes, l the log, p all steps.") },
    [HELP_ACT] = { N_("Azure and the nodes are looked at first. The review names every object "
                      "that goes and every one that stays, with its reason, and what ends with it. "
                      "Nothing is written before you confirm.\n\n"
                      "What cannot be brought back wants a name typed: nothing starts until it is "
                      "the one that is asked for. Where something stands in the way, the review "
                      "says what, why, and what to do; what you typed stays.\n\n"
                      "The core does the work: you may leave, and come back by the same item."),
                   N_("Tab goes from the name to the buttons, the arrows and PgUp PgDn move the "
                      "text above them. Space ticks a row of a list. F6 (or p, while no field has "
                      "the focus) shows every request."),
                   N_("Type the word that is asked for, or < to go back. In a list a number ticks "
                      "its row and takes the tick off again, all ticks all.") },
    [HELP_NODES] = { N_("Each node has its own state and its own cause. Arc is the state of the "
                        "node's Azure Arc agent. STALE: the last answer is old."),
                     N_("One row a node. Below: why the chosen node is as it is, what follows from "
                        "it, and what to do. -- : there is no answer."),
                     N_("One line a node. A node's number tells why it is as it is, what follows "
                        "from it, and what to do. r asks all nodes again, x tells of those that "
                        "are not well, Enter goes back.") },
    [HELP_LOG] = { N_("The newest lines of the core's log, newest last. The whole log is a file in "
                      "the state folder; azloconf log prints it. Secrets never enter it."),
                   N_("On the newest line the view follows; the row above the keys shows the "
                      "marked line at greater length."),
                   N_("Enter goes back. / and a part of a line finds all lines with it, w shows "
                      "warnings and errors only, a all lines.") },
    [HELP_TERMINAL] = { NULL,
                        N_("t switches between the basic and the rich look. If lines look like "
                           "rows of q or the edges are wrong, take basic. s asks the terminal for "
                           "its size, useful on serial lines, which do not tell it by themselves. "
                           "Where no look is right, p goes over to plain lines of text: the same "
                           "jobs, as with azloconf --plain."),
                        N_("The plain face is chosen by --plain, and by itself where TERM is dumb "
                           "or not set or where there is no terminal. For the full screens set "
                           "TERM (xterm-256color, linux, vt220) and start azloconf without "
                           "--plain.") },
    [HELP_HELP] = { NULL, N_("Esc goes back."), NULL },
};

void help_program(const struct model *m, help_line_fn *fn, void *payload)
{
    const struct sec_core *core = model_section(m, SEC_CORE);
    char text[600];

    str_fmt(text, sizeof text,
            _("azloconf %s, core %s. A console that registers Azure Local and Azure Stack HCI "
              "clusters with Azure."),
            PACKAGE_VERSION, words_or_blank(core->version));
    fn(payload, "", text);
    fn(payload, "",
       _("It is not a Microsoft product and is not supported by Microsoft. Azure, Azure "
         "Local and Azure Stack HCI are names of Microsoft."));
    str_fmt(text, sizeof text, _("State folder: %s"), words_or_blank(core->state_dir));
    fn(payload, "", text);
    if (str_eq(core->mode, "sandbox") && core->sandbox_base[0]) {
        str_fmt(text, sizeof text,
                _("This is the sandbox: an Azure that runs on this machine, at %s. Nothing "
                  "reaches the real one."),
                core->sandbox_base);
        fn(payload, "warn", text);
    }
    fn(payload, "", _("Licence: Apache-2.0. Manual: man azloconf"));
}
