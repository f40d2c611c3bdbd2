#include "config.h"

#include "op/fixture.h"

#include "testing.h"

int main(void)
{
    test_op_node_contract();
    test_op_op_engine();
    test_op_op_events();
    test_op_op_exec();
    test_op_op_preview();
    test_op_op_resume();
    test_op_op_undo();
    test_op_op_register_azure();
    test_op_op_register_cluster();
    test_op_op_register_arc();
    test_op_op_register_codes();
    test_op_op_register_decide();
    test_op_op_register_nodes();
    test_op_op_register_rights();
    test_op_op_register_aad();
    test_op_op_register_gen1();
    test_op_op_register_principal();
    test_op_op_register();
    test_op_op_repair_show();
    test_op_op_looks();
    test_op_op_sync();
    test_op_op_unregister();
    test_op_op_reset();
    test_op_op_cleanup();
    test_op_op_cleanup_judge();
    test_op_op_arc_disable();
    test_op_op_unregister_gate();
    test_op_op_unregister_show();
    return test_end();
}
