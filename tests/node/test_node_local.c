int test_node_node_local(void);
int test_node_node_local(void) { return 0; }
