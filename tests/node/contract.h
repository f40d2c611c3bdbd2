/* contract.h - what every back end of a node must do. A back end's test calls node_contract with
 * the way to open one node.
 *
 * open: fills b->loop and b->node: a node of a cluster that is not registered, whose verbs
 * register, sync and unregister succeed with the suite's arguments. lost: the answer to the next
 * register is lost after it may have arrived. close: ends the node if b->node is still there, and
 * the rest.
 */
#ifndef AZL_TESTS_NODE_CONTRACT_H
#define AZL_TESTS_NODE_CONTRACT_H

#include "node/node.h"

#define CONTRACT_SERVICE "https://dp.example/eastus"
#define CONTRACT_ID      "11111111-2222-3333-4444-555555555555"
#define CONTRACT_URI                                                                               \
    "/Subscriptions/s/resourceGroups/g/providers/Microsoft.AzureStackHCI/clusters/c1"

struct node_bed {
    struct loop *loop;
    struct node *node;
    void *own; /* the back end's */
};
struct node_backend {
    void (*open)(struct node_bed *b, bool lost);
    void (*close)(struct node_bed *b);
    bool is_fake; /* says only what its users ask for, and ends with its fixture */
};
void node_contract(const struct node_backend *backend);

#endif
