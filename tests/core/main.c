#include "config.h"

#include "testing.h"

int test_core_state(void);
int test_core_advice(void);
int test_core_settings(void);
int test_core_panes(void);
int test_core_refresh(void);
int test_core_serve(void);
int test_core_folder(void);
int test_core_sandbox(void);
int test_core_cloud_find(void);
int test_core_run_show(void);
int test_core_app(void);
int test_core_app_register(void);
int test_core_app_undo(void);
int test_core_app_chain(void);
int test_core_app_act(void);
int test_core_app_move(void);

int main(void)
{
    test_core_state();
    test_core_advice();
    test_core_settings();
    test_core_panes();
    test_core_refresh();
    test_core_serve();
    test_core_folder();
    test_core_sandbox();
    test_core_cloud_find();
    test_core_run_show();
    test_core_app();
    test_core_app_register();
    test_core_app_undo();
    test_core_app_chain();
    test_core_app_act();
    test_core_app_move();
    return test_end();
}
