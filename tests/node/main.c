#include "config.h"

#include "testing.h"

int test_node_engine(void);
int test_node_facts(void);
int test_node_dataplane(void);
int test_node_agent(void);
int test_node_node_local(void);
int test_node_certificate(void);
int test_node_reset(void);

int main(void)
{
    test_node_engine();
    test_node_facts();
    test_node_dataplane();
    test_node_agent();
    test_node_node_local();
    test_node_certificate();
    test_node_reset();
    return test_end();
}
