#include "config.h"

#include "testing.h"

int test_base_str(void);
int test_base_guid(void);
int test_base_name(void);
int test_base_near(void);
int test_base_err(void);
int test_base_text(void);
int test_base_secret(void);
int test_base_json(void);
int test_base_json_table(void);
int test_base_clock(void);
int test_base_log(void);
int test_base_log_redact(void);
int test_base_loop(void);
int test_base_file(void);
int test_base_proc(void);
int test_base_i18n(void);

int main(void)
{
    test_base_str();
    test_base_guid();
    test_base_name();
    test_base_near();
    test_base_err();
    test_base_text();
    test_base_secret();
    test_base_json();
    test_base_json_table();
    test_base_clock();
    test_base_log();
    test_base_log_redact();
    test_base_loop();
    test_base_file();
    test_base_proc();
    test_base_i18n();
    return test_end();
}
