#include "config.h"

#include <signal.h>

#include "testing.h"

int test_sandbox_entra(void);
int test_sandbox_faults(void);
int test_sandbox_front(void);
int test_sandbox_jwt(void);
int test_sandbox_routes(void);
int test_sandbox_dataplane(void);
int test_sandbox_arc(void);
int test_sandbox_hci(void);
int test_sandbox_hci_actions(void);
int test_sandbox_arm(void);
int test_sandbox_world(void);
int test_sandbox_client_credentials(void);
int test_sandbox_principals(void);
int test_sandbox_graph(void);
int test_sandbox_rights(void);
int test_sandbox_exchange(void);
int test_sandbox_clouds(void);
int test_sandbox_policies(void);
int test_sandbox_authorize(void);
int test_sandbox_locks(void);
int test_sandbox_page(void);
int test_sandbox_leave(void);

int main(void)
{
    signal(SIGPIPE, SIG_IGN); /* as the program does */
    test_sandbox_faults();
    test_sandbox_jwt();
    test_sandbox_routes();
    test_sandbox_entra();
    test_sandbox_client_credentials();
    test_sandbox_principals();
    test_sandbox_graph();
    test_sandbox_front();
    test_sandbox_world();
    test_sandbox_arm();
    test_sandbox_hci();
    test_sandbox_hci_actions();
    test_sandbox_arc();
    test_sandbox_dataplane();
    test_sandbox_clouds();
    test_sandbox_policies();
    test_sandbox_rights();
    test_sandbox_exchange();
    test_sandbox_authorize();
    test_sandbox_locks();
    test_sandbox_page();
    test_sandbox_leave();
    return test_end();
}
