#include "config.h"

#include "testing.h"

int test_azure_cloud(void);
int test_azure_auth(void);
int test_azure_auth_ways(void);
int test_azure_auth_listen(void);
int test_azure_arm(void);
int test_azure_arm_lro(void);
int test_azure_arm_error(void);
int test_azure_hci(void);
int test_azure_roles(void);
int test_azure_rights(void);

int main(void)
{
    test_azure_cloud();
    test_azure_auth();
    test_azure_auth_ways();
    test_azure_auth_listen();
    test_azure_arm();
    test_azure_arm_lro();
    test_azure_arm_error();
    test_azure_hci();
    test_azure_roles();
    test_azure_rights();
    return test_end();
}
